-- CreateTable
CREATE TABLE "model_rule" (
    "scopeKey" TEXT NOT NULL,
    "teamId" TEXT,
    "provider" TEXT NOT NULL,
    "server" TEXT NOT NULL DEFAULT '',
    "model" TEXT NOT NULL,
    "isAllowed" BOOLEAN,
    "name" TEXT,
    "inputMicros" INTEGER,
    "outputMicros" INTEGER,
    "cacheReadMicros" INTEGER,
    "cacheWriteMicros" INTEGER,
    "scopes" "scope"[] DEFAULT ARRAY[]::"scope"[],
    "isRetired" BOOLEAN NOT NULL DEFAULT false,
    "successor" TEXT,
    "setBy" TEXT NOT NULL,
    "setAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_rule_pkey" PRIMARY KEY ("scopeKey","provider","server","model")
);

-- CreateTable
CREATE TABLE "model_policy" (
    "teamId" TEXT NOT NULL,
    "dailyTokens" INTEGER,
    "setBy" TEXT NOT NULL,
    "setAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_policy_pkey" PRIMARY KEY ("teamId")
);

-- CreateTable
CREATE TABLE "model_listing" (
    "credentialId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "models" JSONB NOT NULL DEFAULT '[]',
    "listedAt" TIMESTAMPTZ(3),
    "askedAt" TIMESTAMPTZ(3) NOT NULL,
    "failureCode" TEXT,

    CONSTRAINT "model_listing_pkey" PRIMARY KEY ("credentialId")
);

-- CreateIndex
CREATE INDEX "model_rule_teamId_idx" ON "model_rule"("teamId");

-- AddForeignKey
ALTER TABLE "model_rule" ADD CONSTRAINT "model_rule_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_policy" ADD CONSTRAINT "model_policy_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_listing" ADD CONSTRAINT "model_listing_credentialId_fkey" FOREIGN KEY ("credentialId") REFERENCES "credential"("id") ON DELETE CASCADE ON UPDATE CASCADE;
