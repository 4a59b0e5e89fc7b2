-- AlterTable
ALTER TABLE "chat_head" ADD COLUMN     "floor" BIGINT NOT NULL DEFAULT 0;
