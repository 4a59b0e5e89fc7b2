-- AlterTable
ALTER TABLE "permission_question" ADD COLUMN     "form" JSONB;
