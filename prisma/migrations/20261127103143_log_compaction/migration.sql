-- AlterTable
ALTER TABLE "chat_head" ADD COLUMN     "compactedTo" BIGINT NOT NULL DEFAULT 0;
