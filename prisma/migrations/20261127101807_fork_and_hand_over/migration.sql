-- AlterTable
ALTER TABLE "chat" ADD COLUMN     "forkContext" TEXT,
ADD COLUMN     "forkedFrom" UUID,
ADD COLUMN     "isHandedOver" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "offeredTo" TEXT;

-- CreateIndex
CREATE INDEX "chat_forkedFrom_idx" ON "chat"("forkedFrom");
