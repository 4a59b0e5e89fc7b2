-- AlterTable
ALTER TABLE "node" ADD COLUMN     "isConnected" BOOLEAN NOT NULL DEFAULT false;

-- CreateIndex
CREATE INDEX "command_state_chatId_idx" ON "command"("state", "chatId");
