-- How one post's counts moved, oldest first.
SELECT seen_at, boosts, likes, replies, quotes FROM engagement
WHERE post_id = :post ORDER BY seen_at LIMIT 500
