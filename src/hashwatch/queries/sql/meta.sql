-- What the publisher says of the file: version, time of publication, schema.
SELECT key, value FROM meta
