-- CreateEnum
CREATE TYPE "budget_scope" AS ENUM ('team', 'project', 'member', 'chat');

-- CreateEnum
CREATE TYPE "budget_period" AS ENUM ('day', 'month');

-- AlterTable
ALTER TABLE "usage_record" ADD COLUMN     "budgetMicros" BIGINT,
ADD COLUMN     "budgetTokens" INTEGER,
ADD COLUMN     "cacheWrite1hTokens" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "processId" UUID,
ADD COLUMN     "rates" JSONB;

-- CreateTable
CREATE TABLE "budget" (
    "id" UUID NOT NULL,
    "teamId" TEXT NOT NULL,
    "scope" "budget_scope" NOT NULL,
    "scopeId" TEXT NOT NULL,
    "period" "budget_period" NOT NULL,
    "limitMicros" BIGINT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "budget_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "budget_ledger" (
    "key" TEXT NOT NULL,
    "periodStart" TIMESTAMPTZ(3) NOT NULL,
    "settled" BIGINT NOT NULL DEFAULT 0,
    "lent" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "budget_ledger_pkey" PRIMARY KEY ("key","periodStart")
);

-- CreateTable
CREATE TABLE "budget_loan" (
    "key" TEXT NOT NULL,
    "periodStart" TIMESTAMPTZ(3) NOT NULL,
    "processId" UUID NOT NULL,
    "held" BIGINT NOT NULL,

    CONSTRAINT "budget_loan_pkey" PRIMARY KEY ("key","periodStart","processId")
);

-- CreateTable
CREATE TABLE "server_process" (
    "id" UUID NOT NULL,
    "beatAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "diedAt" TIMESTAMPTZ(3),

    CONSTRAINT "server_process_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "budget_teamId_scope_scopeId_period_key" ON "budget"("teamId", "scope", "scopeId", "period");

-- CreateIndex
CREATE INDEX "budget_loan_processId_idx" ON "budget_loan"("processId");

-- CreateIndex
CREATE INDEX "usage_record_processId_startedAt_idx" ON "usage_record"("processId", "startedAt");

-- AddForeignKey
ALTER TABLE "budget" ADD CONSTRAINT "budget_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Whoever opened these has stopped, and their rows do not say who it was.
UPDATE "usage_record" SET "outcome" = 'unknown' WHERE "outcome" = 'open';
