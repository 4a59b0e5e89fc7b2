-- CreateTable
CREATE TABLE "chat_folded" (
    "chatId" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "logId" INTEGER NOT NULL,
    "view" JSONB NOT NULL,

    CONSTRAINT "chat_folded_pkey" PRIMARY KEY ("chatId")
);

-- CreateTable
CREATE TABLE "chat_turn" (
    "chatId" UUID NOT NULL,
    "turnId" UUID NOT NULL,
    "place" INTEGER NOT NULL,
    "hasEnded" BOOLEAN NOT NULL,
    "itemCount" INTEGER NOT NULL,
    "body" JSONB NOT NULL,

    CONSTRAINT "chat_turn_pkey" PRIMARY KEY ("chatId","turnId")
);

-- CreateTable
CREATE TABLE "chat_item" (
    "chatId" UUID NOT NULL,
    "turnId" UUID NOT NULL,
    "place" INTEGER NOT NULL,
    "key" TEXT,
    "isOpen" BOOLEAN NOT NULL,
    "chars" INTEGER NOT NULL,
    "seqFrom" BIGINT NOT NULL,
    "seqTo" BIGINT NOT NULL,
    "body" JSONB NOT NULL,

    CONSTRAINT "chat_item_pkey" PRIMARY KEY ("chatId","turnId","place")
);

-- CreateIndex
CREATE INDEX "chat_turn_chatId_place_idx" ON "chat_turn"("chatId", "place");

-- CreateIndex
CREATE INDEX "chat_turn_chatId_hasEnded_idx" ON "chat_turn"("chatId", "hasEnded");

-- CreateIndex
CREATE INDEX "chat_item_chatId_turnId_key_idx" ON "chat_item"("chatId", "turnId", "key");

-- CreateIndex
CREATE INDEX "chat_item_chatId_isOpen_idx" ON "chat_item"("chatId", "isOpen");

-- AddForeignKey
ALTER TABLE "chat_folded" ADD CONSTRAINT "chat_folded_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chat_turn" ADD CONSTRAINT "chat_turn_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chat_item" ADD CONSTRAINT "chat_item_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;
