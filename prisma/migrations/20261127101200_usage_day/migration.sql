-- CreateTable
CREATE TABLE "usage_day" (
    "teamId" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "projectId" TEXT NOT NULL,
    "chatId" UUID NOT NULL,
    "userId" TEXT NOT NULL,
    "harness" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "dialect" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "credentialId" TEXT NOT NULL,
    "requests" BIGINT NOT NULL,
    "lostRequests" BIGINT NOT NULL,
    "inputTokens" BIGINT NOT NULL,
    "outputTokens" BIGINT NOT NULL,
    "cacheReadTokens" BIGINT NOT NULL,
    "cacheWriteTokens" BIGINT NOT NULL,
    "reasoningTokens" BIGINT NOT NULL,
    "costMicros" BIGINT NOT NULL,
    "unpricedRequests" BIGINT NOT NULL,
    "unpricedTokens" BIGINT NOT NULL,
    "subscriptionTurns" BIGINT NOT NULL,
    "subscriptionTokens" BIGINT NOT NULL,
    "abortedRequests" BIGINT NOT NULL,
    "abortedMicros" BIGINT NOT NULL,
    "failedRequests" BIGINT NOT NULL,
    "failedMicros" BIGINT NOT NULL,

    CONSTRAINT "usage_day_pkey" PRIMARY KEY ("teamId","day","chatId","userId","harness","provider","dialect","model","credentialId","projectId")
);

-- One record as a row of its day; `sign` -1 takes it out again. A record that is open counts for nothing. A turn on a login
-- is no request: its tokens count, and no price is missing. In a form that PostgreSQL puts into the statement that asks for
-- it: called for each record, it costs more than the record.
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

-- Adds rows up. In the order of the key, so that two statements that meet wait for each other and never both.
CREATE FUNCTION "add_usage_days"(changes "usage_day"[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO "usage_day" AS d
  SELECT "teamId", "day", "projectId", "chatId", "userId", "harness", "provider", "dialect", "model", "credentialId",
    sum("requests"), sum("lostRequests"), sum("inputTokens"), sum("outputTokens"), sum("cacheReadTokens"), sum("cacheWriteTokens"),
    sum("reasoningTokens"), sum("costMicros"), sum("unpricedRequests"), sum("unpricedTokens"),
    sum("subscriptionTurns"), sum("subscriptionTokens"), sum("abortedRequests"), sum("abortedMicros"),
    sum("failedRequests"), sum("failedMicros")
  FROM unnest(changes)
  GROUP BY "teamId", "day", "projectId", "chatId", "userId", "harness", "provider", "dialect", "model", "credentialId"
  ORDER BY "teamId", "day", "chatId", "userId", "harness", "provider", "dialect", "model", "credentialId", "projectId"
  ON CONFLICT ("teamId", "day", "chatId", "userId", "harness", "provider", "dialect", "model", "credentialId", "projectId") DO UPDATE SET
    "requests" = d."requests" + excluded."requests", "lostRequests" = d."lostRequests" + excluded."lostRequests",
    "inputTokens" = d."inputTokens" + excluded."inputTokens", "outputTokens" = d."outputTokens" + excluded."outputTokens",
    "cacheReadTokens" = d."cacheReadTokens" + excluded."cacheReadTokens", "cacheWriteTokens" = d."cacheWriteTokens" + excluded."cacheWriteTokens",
    "reasoningTokens" = d."reasoningTokens" + excluded."reasoningTokens", "costMicros" = d."costMicros" + excluded."costMicros",
    "unpricedRequests" = d."unpricedRequests" + excluded."unpricedRequests", "unpricedTokens" = d."unpricedTokens" + excluded."unpricedTokens",
    "subscriptionTurns" = d."subscriptionTurns" + excluded."subscriptionTurns",
    "subscriptionTokens" = d."subscriptionTokens" + excluded."subscriptionTokens",
    "abortedRequests" = d."abortedRequests" + excluded."abortedRequests", "abortedMicros" = d."abortedMicros" + excluded."abortedMicros",
    "failedRequests" = d."failedRequests" + excluded."failedRequests", "failedMicros" = d."failedMicros" + excluded."failedMicros"
$$;

CREATE FUNCTION "roll_up_usage"() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER "usage_record_added" AFTER INSERT ON "usage_record"
  FOR EACH ROW WHEN (NEW."outcome" <> 'open') EXECUTE FUNCTION "roll_up_usage"();
CREATE TRIGGER "usage_record_changed" AFTER UPDATE ON "usage_record" REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION "roll_up_usage"();
CREATE TRIGGER "usage_record_removed" AFTER DELETE ON "usage_record" REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION "roll_up_usage"();

-- What was metered before, day by day, since an array holds one day and not all of them.
DO $$
DECLARE
  each date;
BEGIN
  FOR each IN SELECT DISTINCT ("startedAt" AT TIME ZONE 'UTC')::date FROM "usage_record" LOOP
    PERFORM "add_usage_days"(array(
      SELECT d FROM "usage_record" r, "usage_day_of"(r, 1) d
      WHERE r."outcome" <> 'open' AND (r."startedAt" AT TIME ZONE 'UTC')::date = each));
  END LOOP;
END $$;
