-- Each record is written twice, when it is opened and when it is closed, and what changes the second time stands in no
-- index. Where its page has room for the new version, which is longer, it stays there and no index is touched.
ALTER TABLE "usage_record" SET (fillfactor = 40);

-- As before, but in a form that PostgreSQL puts into the statement that asks for it: called for each record, it cost more
-- than the record.
DROP FUNCTION "usage_day_of"("usage_record", int);
CREATE FUNCTION "usage_day_of"(r "usage_record", sign int) RETURNS SETOF "usage_day" LANGUAGE sql STABLE ROWS 1 AS $$
  SELECT r."teamId", (r."startedAt" AT TIME ZONE 'UTC')::date, r."projectId", r."chatId", coalesce(r."userId", ''), r."harness", r."provider",
    r."dialect", coalesce(r."model", ''), r."credentialId",
    sign * metered, sign * (1 - counted),
    sign * counted * r."inputTokens"::bigint, sign * counted * r."outputTokens"::bigint,
    sign * counted * r."cacheReadTokens"::bigint, sign * counted * r."cacheWriteTokens"::bigint, sign * counted * r."reasoningTokens"::bigint,
    sign * counted * coalesce(r."costMicros", 0),
    sign * metered * unpriced, sign * metered * unpriced * tokens,
    sign * (counted - metered), sign * (counted - metered) * tokens,
    sign * metered * aborted, sign * metered * aborted * coalesce(r."costMicros", 0),
    sign * metered * failed, sign * metered * failed * coalesce(r."costMicros", 0)
  FROM (SELECT
    counts::int AS counted,
    (counts AND r."via" = 'proxy')::int AS metered,
    (r."costMicros" IS NULL)::int AS unpriced,
    (r."outcome" = 'aborted')::int AS aborted,
    (r."outcome" = 'failed')::int AS failed,
    r."inputTokens"::bigint + r."outputTokens" + r."cacheReadTokens" + r."cacheWriteTokens" AS tokens
    FROM (SELECT r."outcome" IN ('completed', 'aborted', 'unknown') OR r."source" <> 'none' AS counts) AS c) AS f
$$;

CREATE OR REPLACE FUNCTION "roll_up_usage"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changes "usage_day"[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    changes := array(SELECT d FROM "usage_day_of"(NEW, 1) d);
  ELSIF TG_OP = 'UPDATE' THEN
    changes := array(
      SELECT d FROM added n, "usage_day_of"(n, 1) d WHERE n."outcome" <> 'open'
      UNION ALL SELECT d FROM removed o, "usage_day_of"(o, -1) d WHERE o."outcome" <> 'open');
  ELSE
    changes := array(SELECT d FROM removed o, "usage_day_of"(o, -1) d WHERE o."outcome" <> 'open');
  END IF;
  IF cardinality(changes) > 0 THEN
    PERFORM "add_usage_days"(changes);
  END IF;
  RETURN NULL;
END $$;

-- The requests that a proxy opens are most of all that is inserted, and count for nothing yet: for them nothing is called.
DROP TRIGGER "usage_record_added" ON "usage_record";
CREATE TRIGGER "usage_record_added" AFTER INSERT ON "usage_record"
  FOR EACH ROW WHEN (NEW."outcome" <> 'open') EXECUTE FUNCTION "roll_up_usage"();
