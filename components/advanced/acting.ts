/** What the person is about to do; `advanced-dialogs.tsx` has a dialog for each. */
import type { Attachment, Configuration, Credential } from '#components/advanced/primitives.model.ts'

export type Acting =
  | { is: 'new-credential' }
  | { is: 'rename'; credential: Credential }
  | { is: 'replace'; credential: Credential }
  | { is: 'delete-credential'; credential: Credential }
  | { is: 'new-configuration'; credential?: Credential | undefined }
  | { is: 'edit-configuration'; configuration: Configuration }
  | { is: 'delete-configuration'; configuration: Configuration }
  | { is: 'attach'; configuration?: Configuration | undefined }
  | { is: 'detach'; attachment: Attachment }
