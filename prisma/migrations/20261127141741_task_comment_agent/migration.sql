-- AlterTable
ALTER TABLE "task_comment" ADD COLUMN     "harness" TEXT;
