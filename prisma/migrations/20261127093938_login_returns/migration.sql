-- CreateEnum
CREATE TYPE "usage_via" AS ENUM ('proxy', 'login');

-- AlterTable
ALTER TABLE "run" ADD COLUMN     "keepsLogin" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "usage_record" ADD COLUMN     "via" "usage_via" NOT NULL DEFAULT 'proxy';

-- CreateIndex
CREATE INDEX "run_credentialId_idx" ON "run"("credentialId");
