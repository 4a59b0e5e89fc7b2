-- AlterTable
ALTER TABLE "chat_head" ADD COLUMN     "floor" BIGINT NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "daily_work" (
    "name" TEXT NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "daily_work_pkey" PRIMARY KEY ("name")
);
