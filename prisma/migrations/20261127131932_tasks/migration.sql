-- CreateEnum
CREATE TYPE "task_verdict" AS ENUM ('done', 'cancelled');

-- AlterTable
ALTER TABLE "chat" ADD COLUMN     "branch" TEXT;

-- CreateTable
CREATE TABLE "project_task" (
    "id" UUID NOT NULL,
    "teamId" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "parentId" UUID,
    "title" TEXT NOT NULL,
    "instructions" TEXT NOT NULL DEFAULT '',
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "assigneeId" TEXT,
    "dueOn" DATE,
    "harness" TEXT,
    "model" TEXT,
    "branch" TEXT,
    "closedAs" "task_verdict",
    "closedBy" TEXT,
    "closedAt" TIMESTAMPTZ(3),
    "origin" JSONB,
    "startsItself" BOOLEAN NOT NULL DEFAULT false,
    "ord" BIGSERIAL NOT NULL,
    "startFailure" JSONB,

    CONSTRAINT "project_task_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "task_chat" (
    "chatId" UUID NOT NULL,
    "taskId" UUID NOT NULL,
    "startedBy" TEXT NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "task_chat_pkey" PRIMARY KEY ("chatId")
);

-- CreateTable
CREATE TABLE "task_comment" (
    "id" UUID NOT NULL,
    "taskId" UUID NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "text" TEXT NOT NULL,

    CONSTRAINT "task_comment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "task_template" (
    "id" UUID NOT NULL,
    "teamId" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "instructions" TEXT NOT NULL DEFAULT '',
    "assigneeId" TEXT,
    "harness" TEXT,
    "model" TEXT,
    "branch" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "task_template_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "task_trigger" (
    "id" UUID NOT NULL,
    "teamId" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "templateId" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "ownerId" TEXT NOT NULL,
    "isEnabled" BOOLEAN NOT NULL DEFAULT true,
    "startsChat" BOOLEAN NOT NULL DEFAULT true,
    "schedule" JSONB,
    "dueAt" TIMESTAMPTZ(3),
    "sealed" BYTEA,
    "masterVersion" INTEGER,
    "firedAt" TIMESTAMPTZ(3),
    "problem" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "task_trigger_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "task_delivery" (
    "triggerId" UUID NOT NULL,
    "deliveryId" TEXT NOT NULL,
    "taskId" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "task_delivery_pkey" PRIMARY KEY ("triggerId","deliveryId")
);

-- CreateIndex
CREATE INDEX "project_task_projectId_updatedAt_idx" ON "project_task"("projectId", "updatedAt" DESC);

-- CreateIndex
CREATE INDEX "project_task_parentId_idx" ON "project_task"("parentId");

-- CreateIndex
CREATE INDEX "project_task_teamId_assigneeId_idx" ON "project_task"("teamId", "assigneeId");

-- CreateIndex
CREATE INDEX "project_task_startsItself_idx" ON "project_task"("startsItself");

-- CreateIndex
CREATE INDEX "task_chat_taskId_startedAt_idx" ON "task_chat"("taskId", "startedAt");

-- CreateIndex
CREATE INDEX "task_comment_taskId_at_idx" ON "task_comment"("taskId", "at");

-- CreateIndex
CREATE UNIQUE INDEX "task_template_projectId_name_key" ON "task_template"("projectId", "name");

-- CreateIndex
CREATE INDEX "task_trigger_projectId_idx" ON "task_trigger"("projectId");

-- CreateIndex
CREATE INDEX "task_trigger_dueAt_idx" ON "task_trigger"("dueAt");

-- CreateIndex
CREATE INDEX "task_delivery_at_idx" ON "task_delivery"("at");

-- AddForeignKey
ALTER TABLE "project_task" ADD CONSTRAINT "project_task_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "project_task" ADD CONSTRAINT "project_task_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "project_task" ADD CONSTRAINT "project_task_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "project_task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_chat" ADD CONSTRAINT "task_chat_taskId_fkey" FOREIGN KEY ("taskId") REFERENCES "project_task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_chat" ADD CONSTRAINT "task_chat_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_comment" ADD CONSTRAINT "task_comment_taskId_fkey" FOREIGN KEY ("taskId") REFERENCES "project_task"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_template" ADD CONSTRAINT "task_template_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_template" ADD CONSTRAINT "task_template_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_trigger" ADD CONSTRAINT "task_trigger_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_trigger" ADD CONSTRAINT "task_trigger_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_trigger" ADD CONSTRAINT "task_trigger_templateId_fkey" FOREIGN KEY ("templateId") REFERENCES "task_template"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "task_delivery" ADD CONSTRAINT "task_delivery_triggerId_fkey" FOREIGN KEY ("triggerId") REFERENCES "task_trigger"("id") ON DELETE CASCADE ON UPDATE CASCADE;
