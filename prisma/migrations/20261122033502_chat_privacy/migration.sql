-- AlterTable
ALTER TABLE "chat" ADD COLUMN     "isPrivate" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "isShared" BOOLEAN NOT NULL DEFAULT false;

-- Chats that have run on a login: whose it was may be known no more, so all of them; their creators can share them.
UPDATE "chat" c SET "isPrivate" = true
WHERE EXISTS (SELECT FROM "run" r WHERE r."chatId" = c."id" AND r."wstokenHash" IS NULL);
