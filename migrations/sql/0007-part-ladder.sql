-- Few large parts leave most lanes idle while the last ones end: files of less than 400 MiB get smaller ones, down to S3's
-- 5 MiB, so that there are 40. The same rule as planPartSize in packages/protocol. Open sessions keep the size they began with.
CREATE OR REPLACE FUNCTION plan_part_size(file_size bigint, preferred bigint)
RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF file_size NOT BETWEEN 1 AND 5000000000000 OR preferred < 1 THEN
        RAISE EXCEPTION 'No part plan for % bytes in parts of % bytes', file_size, preferred USING ERRCODE = '22023';
    END IF;
    RETURN least(
        greatest(
            least(preferred, ((file_size + 39) / 40 + 1048575) / 1048576 * 1048576),
            5242880,
            ((file_size + 9999) / 10000 + 1048575) / 1048576 * 1048576),
        5000000000);
END
$$;
