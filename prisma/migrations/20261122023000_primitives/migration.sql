-- AlterTable
ALTER TABLE "configuration" ADD COLUMN     "isKept" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "credential" ADD COLUMN     "isKept" BOOLEAN NOT NULL DEFAULT false;
