-- AlterTable
ALTER TABLE "command" ALTER COLUMN "by" DROP NOT NULL;

-- AlterTable
ALTER TABLE "permission_question" ADD COLUMN     "asked" JSONB,
ADD COLUMN     "deadlineAt" TIMESTAMPTZ(3),
ADD COLUMN     "isJudged" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "project" ADD COLUMN     "permissionRules" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "questionDeadlineMinutes" INTEGER NOT NULL DEFAULT 1440;

-- CreateIndex
CREATE INDEX "permission_question_isOpen_deadlineAt_idx" ON "permission_question"("isOpen", "deadlineAt");
