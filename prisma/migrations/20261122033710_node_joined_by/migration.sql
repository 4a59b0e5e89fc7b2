-- AlterTable
ALTER TABLE "node" ADD COLUMN     "joinedBy" TEXT;

-- Nodes that joined before: the audit log knows whose token it was.
UPDATE "node" n SET "joinedBy" = e."actorId" FROM "audit_entry" e
WHERE e."act" = 'node.joined' AND e."subjectId" = n."id" AND NOT n."isLocal";

-- CreateIndex
CREATE INDEX "node_joinedBy_idx" ON "node"("joinedBy");
