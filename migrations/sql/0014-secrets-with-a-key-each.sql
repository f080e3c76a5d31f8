-- A secret under a data key of its own, which is wrapped with a key of the keyring: `enc:v2:KEY:WRAPPED:SEALED`. WRAPPED is
-- 60 bytes (nonce, key, tag), SEALED at least 28. What was sealed before stays as good as it was.
CREATE OR REPLACE FUNCTION is_sealed_secret(secret text)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT secret ~ '^(env:|enc:v1:[A-Za-z0-9+/=:_.-]{40,}|enc:v2:[0-9a-f]{8}:[A-Za-z0-9+/]{80}:[A-Za-z0-9+/]{38,}={0,2})$'
$$;
