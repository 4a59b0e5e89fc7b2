-- CreateTable
CREATE TABLE "chat_pin" (
    "userId" TEXT NOT NULL,
    "chatId" UUID NOT NULL,
    "pinnedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chat_pin_pkey" PRIMARY KEY ("userId","chatId")
);

-- CreateTable
CREATE TABLE "chat_text" (
    "chatId" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "turnId" UUID,
    "messageId" TEXT,
    "by" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "text" TEXT NOT NULL,
    "words" tsvector NOT NULL,

    CONSTRAINT "chat_text_pkey" PRIMARY KEY ("chatId","key")
);

-- CreateTable
CREATE TABLE "chat_indexed" (
    "chatId" UUID NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "chat_indexed_pkey" PRIMARY KEY ("chatId")
);

-- CreateIndex
CREATE INDEX "chat_pin_chatId_idx" ON "chat_pin"("chatId");

-- CreateIndex
CREATE INDEX "chat_text_words_idx" ON "chat_text" USING GIN ("words");

-- AddForeignKey
ALTER TABLE "chat_pin" ADD CONSTRAINT "chat_pin_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chat_pin" ADD CONSTRAINT "chat_pin_userId_fkey" FOREIGN KEY ("userId") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chat_text" ADD CONSTRAINT "chat_text_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chat_indexed" ADD CONSTRAINT "chat_indexed_chatId_fkey" FOREIGN KEY ("chatId") REFERENCES "chat"("id") ON DELETE CASCADE ON UPDATE CASCADE;
