-- CreateIndex
CREATE INDEX "audit_entry_subjectId_seq_idx" ON "audit_entry"("subjectId", "seq" DESC);

-- Appends one entry. The lock is held until the caller's transaction ends, so that the order of the chain is the
-- order of commits and a rollback leaves no gap; one statement, so that nothing but the commit itself is waited for
-- while it is held. Each statement of the body sees what was committed before the lock was granted.
-- hash = SHA-256(hash of the entry before · its number as 8 bytes · SHA-256 of the entry's canonical JSON)
CREATE FUNCTION "append_audit_entry"(
  p_team text, p_at timestamptz, p_actor text, p_actor_name text, p_act text, p_kind text, p_subject text, p_facts jsonb, p_digest bytea
) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  last_seq bigint;
  last_hash bytea;
BEGIN
  PERFORM pg_advisory_xact_lock(7261700);
  SELECT "seq", "hash" INTO last_seq, last_hash FROM "audit_entry" ORDER BY "seq" DESC LIMIT 1;
  last_seq := coalesce(last_seq, 0);
  last_hash := coalesce(last_hash, decode(repeat('00', 32), 'hex'));
  INSERT INTO "audit_entry" ("seq", "teamId", "at", "actorId", "actorName", "act", "subjectKind", "subjectId", "facts", "previousHash", "hash")
  VALUES (last_seq + 1, p_team, p_at, p_actor, p_actor_name, p_act, p_kind, p_subject, p_facts, last_hash,
    sha256(last_hash || int8send(last_seq + 1) || p_digest));
  RETURN last_seq + 1;
END $$;

CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The audit log is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER "audit_entry_stays" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();
