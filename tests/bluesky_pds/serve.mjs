// Bluesky's own PDS on loop-back: node serve.mjs PORT FOLDER PLC ADMIN_PASSWORD, until killed.
// The packages are found beside this file, so it is copied to where they were installed.

import { randomBytes } from "node:crypto";
import { PDS, envToCfg, envToSecrets } from "@atproto/pds";

const [port, folder, plc, adminPassword] = process.argv.slice(2);
const environment = {
  devMode: true,
  port: Number(port),
  hostname: "localhost",
  dataDirectory: folder,
  blobstoreDiskLocation: `${folder}/blobs`,
  didPlcUrl: plc,
  serviceHandleDomains: [".test"],
  // Nothing is asked of these: there is no network beyond this machine.
  bskyAppViewUrl: "https://appview.invalid",
  bskyAppViewDid: "did:example:invalid",
  modServiceUrl: "https://moderator.invalid",
  modServiceDid: "did:example:invalid",
  inviteRequired: false,
  disableSsrfProtection: true,
  adminPassword,
  jwtSecret: randomBytes(16).toString("hex"),
  plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString("hex"),
};

const server = await PDS.create(envToCfg(environment), envToSecrets(environment));
await server.start();
console.log("ready");
