-- AlterTable
ALTER TABLE "attachment" ADD COLUMN     "isShared" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "credential" ADD COLUMN     "lastErrorAt" TIMESTAMPTZ(3),
ADD COLUMN     "lastErrorCode" TEXT,
ADD COLUMN     "loginFacts" JSONB,
ADD COLUMN     "loginRevision" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "verdict" TEXT,
ADD COLUMN     "verdictAt" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "run" ADD COLUMN     "loginRevision" INTEGER,
ADD COLUMN     "sentinelHash" BYTEA;

-- CreateTable
CREATE TABLE "audit_entry" (
    "seq" BIGINT NOT NULL,
    "teamId" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actorId" TEXT,
    "actorName" TEXT NOT NULL,
    "act" TEXT NOT NULL,
    "subjectKind" TEXT NOT NULL,
    "subjectId" TEXT NOT NULL,
    "facts" JSONB NOT NULL,
    "previousHash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "removed_attachment" (
    "id" TEXT NOT NULL,
    "attachment" JSONB NOT NULL,
    "configurationId" TEXT NOT NULL,
    "removedBy" TEXT NOT NULL,
    "removedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "removed_attachment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sign_in" (
    "id" UUID NOT NULL,
    "teamId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "harness" TEXT NOT NULL,
    "scope" "scope" NOT NULL,
    "projectId" TEXT,
    "nodeId" TEXT,
    "state" TEXT NOT NULL,
    "url" TEXT,
    "userCode" TEXT,
    "failureCode" TEXT,
    "connectionId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sign_in_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "audit_entry_teamId_seq_idx" ON "audit_entry"("teamId", "seq" DESC);

-- CreateIndex
CREATE INDEX "removed_attachment_removedAt_idx" ON "removed_attachment"("removedAt");

-- CreateIndex
CREATE INDEX "removed_attachment_configurationId_idx" ON "removed_attachment"("configurationId");

-- CreateIndex
CREATE INDEX "sign_in_teamId_userId_idx" ON "sign_in"("teamId", "userId");

-- CreateIndex
CREATE UNIQUE INDEX "run_sentinelHash_key" ON "run"("sentinelHash");

-- AddForeignKey
ALTER TABLE "removed_attachment" ADD CONSTRAINT "removed_attachment_configurationId_fkey" FOREIGN KEY ("configurationId") REFERENCES "configuration"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sign_in" ADD CONSTRAINT "sign_in_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;
