-- CreateTable
CREATE TABLE "project_mcp_server" (
    "id" UUID NOT NULL,
    "teamId" TEXT NOT NULL,
    "projectId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "headerNames" TEXT[],
    "sealed" BYTEA NOT NULL,
    "masterVersion" INTEGER NOT NULL,
    "isEnabled" BOOLEAN NOT NULL DEFAULT true,
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finding" JSONB,
    "foundAt" TIMESTAMPTZ(3),

    CONSTRAINT "project_mcp_server_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "project_mcp_server_projectId_name_key" ON "project_mcp_server"("projectId", "name");

-- AddForeignKey
ALTER TABLE "project_mcp_server" ADD CONSTRAINT "project_mcp_server_projectId_fkey" FOREIGN KEY ("projectId") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE;
