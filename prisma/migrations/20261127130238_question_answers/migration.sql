-- AlterTable
ALTER TABLE "permission_question" ADD COLUMN     "answer" TEXT,
ADD COLUMN     "answeredAt" TIMESTAMPTZ(3),
ADD COLUMN     "answeredBy" TEXT,
ADD COLUMN     "kind" TEXT NOT NULL DEFAULT 'permission';
