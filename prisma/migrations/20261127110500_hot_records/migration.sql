-- Each record is written twice, when it is opened and when it is closed, and what changes the second time stands in no
-- index. Where its page has room for the new version, which is longer, it stays there and no index is touched.
ALTER TABLE "usage_record" SET (fillfactor = 40);
