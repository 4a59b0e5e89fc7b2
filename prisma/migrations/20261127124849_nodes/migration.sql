-- DropIndex
DROP INDEX "node_tokenHash_key";

-- AlterTable
ALTER TABLE "node" DROP COLUMN "tokenHash",
ADD COLUMN     "bootCount" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "bootId" UUID,
ADD COLUMN     "clonedAt" TIMESTAMPTZ(3),
ADD COLUMN     "connection" TEXT,
ADD COLUMN     "drainingAt" TIMESTAMPTZ(3),
ADD COLUMN     "greeting" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "health" JSONB,
ADD COLUMN     "labels" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "protocol" INTEGER,
ADD COLUMN     "publicKey" BYTEA,
ADD COLUMN     "version" TEXT;

-- AlterTable
ALTER TABLE "node_join_token" ADD COLUMN     "nodeId" TEXT,
ALTER COLUMN "createdBy" DROP NOT NULL;

-- AlterTable
ALTER TABLE "project" ADD COLUMN     "nodeLabels" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateIndex
CREATE UNIQUE INDEX "node_publicKey_key" ON "node"("publicKey");
