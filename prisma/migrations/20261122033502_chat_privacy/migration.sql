-- AlterTable
ALTER TABLE "chat" ADD COLUMN     "isPrivate" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "isShared" BOOLEAN NOT NULL DEFAULT false;

-- Chats that have run on a personal login of their creator's.
UPDATE "chat" c SET "isPrivate" = true
WHERE EXISTS (
  SELECT FROM "run" r
  JOIN "credential" k ON k."id" = r."credentialId" AND k."kind" <> 'api-key'
  JOIN "configuration" f ON f."credentialId" = k."id"
  JOIN "attachment" a ON a."configurationId" = f."id" AND a."scope" = 'user' AND a."userId" = c."createdBy"
  WHERE r."chatId" = c."id");
