-- AlterTable
ALTER TABLE "chat" ADD COLUMN     "startDepth" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "startedFrom" UUID;

-- AlterTable
ALTER TABLE "project" ADD COLUMN     "mcpGroupsOff" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "run" ADD COLUMN     "mcpGroups" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "mcpTokenHash" BYTEA;

-- CreateIndex
CREATE INDEX "chat_startedFrom_idx" ON "chat"("startedFrom");

-- CreateIndex
CREATE UNIQUE INDEX "run_mcpTokenHash_key" ON "run"("mcpTokenHash");
