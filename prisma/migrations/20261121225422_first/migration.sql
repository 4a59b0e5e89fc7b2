-- CreateEnum
CREATE TYPE "command_state" AS ENUM ('queued', 'accepted', 'done', 'withdrawn');

-- CreateEnum
CREATE TYPE "credential_kind" AS ENUM ('api-key', 'auth-file', 'oauth-token');

-- CreateEnum
CREATE TYPE "scope" AS ENUM ('project', 'user', 'platform');

-- CreateEnum
CREATE TYPE "team_role" AS ENUM ('admin', 'member', 'viewer');

-- CreateEnum
CREATE TYPE "usage_outcome" AS ENUM ('open', 'completed', 'refused', 'failed', 'aborted', 'unknown');

-- CreateEnum
CREATE TYPE "usage_source" AS ENUM ('provider', 'partial', 'none');

-- CreateTable
CREATE TABLE "user" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "emailVerified" BOOLEAN NOT NULL DEFAULT false,
    "image" TEXT,
    "isInstanceOwner" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" TEXT NOT NULL,
    "token" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "ipAddress" TEXT,
    "userAgent" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "account" (
    "id" TEXT NOT NULL,
    "accountId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "accessToken" TEXT,
    "refreshToken" TEXT,
    "idToken" TEXT,
    "accessTokenExpiresAt" TIMESTAMPTZ(3),
    "refreshTokenExpiresAt" TIMESTAMPTZ(3),
    "scope" TEXT,
    "password" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "verification" (
    "id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "verification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "personal_access_token" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "teamId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tokenHash" BYTEA NOT NULL,
    "hint" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "lastUsedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "personal_access_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "instance" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "setupCodeHash" BYTEA,
    "setupCodeExpiresAt" TIMESTAMPTZ(3),
    "setupClosedAt" TIMESTAMPTZ(3),

    CONSTRAINT "instance_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "chat" (
    "id" UUID NOT NULL,
    "teamId" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "harness" TEXT NOT NULL,
    "model" TEXT,
    "title" TEXT NOT NULL,
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "archivedAt" TIMESTAMPTZ(3),
    "lastActivityAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "nodeId" TEXT,
    "agentSessionId" TEXT,

    CONSTRAINT "chat_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "chat_head" (
    "chatId" UUID NOT NULL,
    "head" BIGINT NOT NULL DEFAULT 0,
    "pseq" BIGINT NOT NULL DEFAULT 0,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "nodeId" TEXT,
    "leaseUntil" TIMESTAMPTZ(3),
    "logId" INTEGER NOT NULL DEFAULT 1,
    "activeTurn" UUID,
    "activeBy" TEXT,
    "waitingFor" INTEGER NOT NULL DEFAULT 0,
    "lastOutcome" TEXT,
    "modelFailed" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "chat_head_pkey" PRIMARY KEY ("chatId")
);

-- CreateTable
CREATE TABLE "permission_question" (
    "chatId" UUID NOT NULL,
    "requestId" UUID NOT NULL,
    "turnId" UUID NOT NULL,
    "options" TEXT[],
    "isOpen" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "permission_question_pkey" PRIMARY KEY ("chatId","requestId")
);

-- CreateTable
CREATE TABLE "chat_event" (
    "chatId" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "seqFrom" BIGINT NOT NULL,
    "epoch" INTEGER,
    "pseq" BIGINT,
    "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chat_event_pkey" PRIMARY KEY ("chatId","seq")
);

-- CreateTable
CREATE TABLE "lease_log" (
    "chatId" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "nodeId" TEXT,
    "finalPseq" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "lease_log_pkey" PRIMARY KEY ("chatId","epoch")
);

-- CreateTable
CREATE TABLE "orphan_event" (
    "chatId" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "pseq" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "orphan_event_pkey" PRIMARY KEY ("chatId","epoch","pseq")
);

-- CreateTable
CREATE TABLE "command" (
    "id" UUID NOT NULL,
    "chatId" UUID NOT NULL,
    "ord" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "turnId" UUID,
    "requestId" UUID,
    "by" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "state" "command_state" NOT NULL DEFAULT 'queued',
    "epoch" INTEGER,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "command_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "credential" (
    "id" TEXT NOT NULL,
    "teamId" TEXT,
    "name" TEXT NOT NULL,
    "kind" "credential_kind" NOT NULL,
    "provider" TEXT,
    "format" TEXT,
    "issuer" TEXT,
    "baseUrl" TEXT,
    "dialect" TEXT,
    "models" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "sealed" BYTEA NOT NULL,
    "masterVersion" INTEGER NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "lastFour" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "replacedAt" TIMESTAMPTZ(3),
    "lastUsedAt" TIMESTAMPTZ(3),
    "brokenCode" TEXT,
    "brokenAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "credential_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "configuration" (
    "id" TEXT NOT NULL,
    "teamId" TEXT,
    "harness" TEXT NOT NULL,
    "credentialId" TEXT NOT NULL,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "configuration_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attachment" (
    "id" TEXT NOT NULL,
    "scope" "scope" NOT NULL,
    "scopeKey" TEXT NOT NULL,
    "teamId" TEXT,
    "projectId" TEXT,
    "userId" TEXT,
    "harness" TEXT NOT NULL,
    "configurationId" TEXT NOT NULL,
    "isEnabled" BOOLEAN NOT NULL DEFAULT true,
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "attachment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tokenHash" BYTEA NOT NULL,
    "isLocal" BOOLEAN NOT NULL DEFAULT false,
    "platform" TEXT,
    "capacity" INTEGER NOT NULL DEFAULT 4,
    "sandbox" JSONB,
    "harnesses" JSONB NOT NULL DEFAULT '[]',
    "rssBytes" BIGINT NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastSeenAt" TIMESTAMPTZ(3),
    "disabledAt" TIMESTAMPTZ(3),

    CONSTRAINT "node_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node_join_token" (
    "id" TEXT NOT NULL,
    "tokenHash" BYTEA NOT NULL,
    "nodeName" TEXT NOT NULL,
    "createdBy" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "usedAt" TIMESTAMPTZ(3),

    CONSTRAINT "node_join_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run" (
    "id" UUID NOT NULL,
    "chatId" UUID NOT NULL,
    "nodeId" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "harness" TEXT NOT NULL,
    "provider" TEXT,
    "dialect" TEXT,
    "credentialId" TEXT NOT NULL,
    "credentialVersion" INTEGER NOT NULL,
    "wstokenHash" BYTEA,
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "team" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "team_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "member" (
    "teamId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "role" "team_role" NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "member_pkey" PRIMARY KEY ("teamId","userId")
);

-- CreateTable
CREATE TABLE "invitation" (
    "id" TEXT NOT NULL,
    "teamId" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "role" "team_role" NOT NULL,
    "tokenHash" BYTEA NOT NULL,
    "invitedBy" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "acceptedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "project" (
    "id" TEXT NOT NULL,
    "teamId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "repositoryUrl" TEXT,
    "instructions" TEXT NOT NULL DEFAULT '',
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "archivedAt" TIMESTAMPTZ(3),

    CONSTRAINT "project_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_record" (
    "id" UUID NOT NULL,
    "teamId" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "chatId" UUID NOT NULL,
    "runId" UUID NOT NULL,
    "turnId" UUID,
    "userId" TEXT,
    "harness" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "dialect" TEXT NOT NULL,
    "credentialId" TEXT NOT NULL,
    "credentialVersion" INTEGER NOT NULL,
    "route" TEXT NOT NULL,
    "model" TEXT,
    "outcome" "usage_outcome" NOT NULL DEFAULT 'open',
    "status" INTEGER,
    "failureCode" TEXT,
    "source" "usage_source" NOT NULL DEFAULT 'none',
    "inputTokens" INTEGER NOT NULL DEFAULT 0,
    "outputTokens" INTEGER NOT NULL DEFAULT 0,
    "cacheReadTokens" INTEGER NOT NULL DEFAULT 0,
    "cacheWriteTokens" INTEGER NOT NULL DEFAULT 0,
    "reasoningTokens" INTEGER NOT NULL DEFAULT 0,
    "rawUsage" JSONB,
    "costMicros" BIGINT,
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "firstByteMs" INTEGER,
    "durationMs" INTEGER,

    CONSTRAINT "usage_record_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "user_email_key" ON "user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "session_token_key" ON "session"("token");

-- CreateIndex
CREATE INDEX "session_userId_idx" ON "session"("userId");

-- CreateIndex
CREATE INDEX "account_userId_idx" ON "account"("userId");

-- CreateIndex
CREATE INDEX "verification_identifier_idx" ON "verification"("identifier");

-- CreateIndex
CREATE UNIQUE INDEX "personal_access_token_tokenHash_key" ON "personal_access_token"("tokenHash");

-- CreateIndex
CREATE INDEX "personal_access_token_userId_idx" ON "personal_access_token"("userId");

-- CreateIndex
CREATE INDEX "chat_projectId_lastActivityAt_idx" ON "chat"("projectId", "lastActivityAt" DESC);

-- CreateIndex
CREATE INDEX "chat_teamId_lastActivityAt_idx" ON "chat"("teamId", "lastActivityAt" DESC);

-- CreateIndex
CREATE INDEX "chat_head_leaseUntil_idx" ON "chat_head"("leaseUntil");

-- CreateIndex
CREATE INDEX "permission_question_chatId_isOpen_idx" ON "permission_question"("chatId", "isOpen");

-- CreateIndex
CREATE INDEX "command_chatId_state_ord_idx" ON "command"("chatId", "state", "ord");

-- CreateIndex
CREATE UNIQUE INDEX "command_chatId_requestId_key" ON "command"("chatId", "requestId");

-- CreateIndex
CREATE INDEX "credential_teamId_idx" ON "credential"("teamId");

-- CreateIndex
CREATE INDEX "configuration_credentialId_idx" ON "configuration"("credentialId");

-- CreateIndex
CREATE INDEX "attachment_configurationId_idx" ON "attachment"("configurationId");

-- CreateIndex
CREATE UNIQUE INDEX "attachment_scope_scopeKey_harness_key" ON "attachment"("scope", "scopeKey", "harness");

-- CreateIndex
CREATE UNIQUE INDEX "node_name_key" ON "node"("name");

-- CreateIndex
CREATE UNIQUE INDEX "node_tokenHash_key" ON "node"("tokenHash");

-- CreateIndex
CREATE UNIQUE INDEX "node_join_token_tokenHash_key" ON "node_join_token"("tokenHash");

-- CreateIndex
CREATE UNIQUE INDEX "run_wstokenHash_key" ON "run"("wstokenHash");

-- CreateIndex
CREATE INDEX "run_chatId_idx" ON "run"("chatId");

-- CreateIndex
CREATE INDEX "member_userId_idx" ON "member"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "invitation_tokenHash_key" ON "invitation"("tokenHash");

-- CreateIndex
CREATE INDEX "invitation_teamId_idx" ON "invitation"("teamId");

-- CreateIndex
CREATE INDEX "project_teamId_createdAt_idx" ON "project"("teamId", "createdAt");

-- CreateIndex
CREATE INDEX "usage_record_teamId_startedAt_idx" ON "usage_record"("teamId", "startedAt" DESC);

-- CreateIndex
CREATE INDEX "usage_record_chatId_startedAt_idx" ON "usage_record"("chatId", "startedAt");

-- CreateIndex
CREATE INDEX "usage_record_projectId_startedAt_idx" ON "usage_record"("projectId", "startedAt" DESC);

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account" ADD CONSTRAINT "account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "personal_access_token" ADD CONSTRAINT "personal_access_token_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "personal_access_token" ADD CONSTRAINT "personal_access_token_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chat" ADD CONSTRAINT "chat_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chat" ADD CONSTRAINT "chat_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chat_head" ADD CONSTRAINT "chat_head_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "credential" ADD CONSTRAINT "credential_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "configuration" ADD CONSTRAINT "configuration_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "configuration" ADD CONSTRAINT "configuration_credentialId_fkey" FOREIGN KEY ("credentialId") REFERENCES "credential"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachment" ADD CONSTRAINT "attachment_configurationId_fkey" FOREIGN KEY ("configurationId") REFERENCES "configuration"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run" ADD CONSTRAINT "run_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run" ADD CONSTRAINT "run_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "member" ADD CONSTRAINT "member_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "member" ADD CONSTRAINT "member_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "project" ADD CONSTRAINT "project_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Every append updates a chat's head: with room in its page that stays a heap-only update.
ALTER TABLE "chat_head" SET (fillfactor = 50);
