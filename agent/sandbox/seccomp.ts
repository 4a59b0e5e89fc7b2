/**
 * A system call filter for the sandbox: a classic BPF program that refuses what no
 * coding agent needs and what has opened kernels before. It does not refuse `mount`,
 * `unshare` or `clone`: Codex builds its own inner sandbox from them, and the user
 * namespace already bounds what they can reach.
 */
import { constants, endianness } from 'node:os'

const RET_ALLOW = 0x7fff0000
const RET_ERRNO = 0x00050000
const ENOSYS = constants.errno.ENOSYS
const EPERM = constants.errno.EPERM

/** From linux/audit.h and the kernel's system call tables. */
const architectures = {
  x64: {
    audit: 0xc000003e,
    socket: 41,
    refused: {
      acct: 163,
      add_key: 248,
      bpf: 321,
      delete_module: 176,
      finit_module: 313,
      init_module: 175,
      kexec_file_load: 320,
      kexec_load: 246,
      keyctl: 250,
      move_pages: 279,
      open_by_handle_at: 304,
      perf_event_open: 298,
      quotactl: 179,
      reboot: 169,
      request_key: 249,
      settimeofday: 164,
      clock_settime: 227,
      swapoff: 168,
      swapon: 167,
      syslog: 103,
      userfaultfd: 323,
      process_vm_writev: 311,
    },
    absent: { io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 },
  },
  arm64: {
    audit: 0xc00000b7,
    socket: 198,
    refused: {
      acct: 89,
      add_key: 217,
      bpf: 280,
      delete_module: 106,
      finit_module: 273,
      init_module: 105,
      kexec_file_load: 294,
      kexec_load: 104,
      keyctl: 219,
      move_pages: 239,
      open_by_handle_at: 265,
      perf_event_open: 241,
      quotactl: 60,
      reboot: 142,
      request_key: 218,
      settimeofday: 170,
      clock_settime: 112,
      swapoff: 225,
      swapon: 224,
      syslog: 116,
      userfaultfd: 282,
      process_vm_writev: 271,
    },
    absent: { io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 },
  },
} as const

/** Address families that reach past a network namespace (AF_VSOCK to the hypervisor) or into rarely used kernel code. */
const refusedFamilies = [/* AF_ALG */ 38, /* AF_VSOCK */ 40, /* AF_XDP */ 44]

const LOAD_WORD = 0x20
const JUMP_EQUAL = 0x15
const JUMP_AT_LEAST = 0x35
const RETURN = 0x06

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number]

/** @returns the program for bubblewrap's `--seccomp`, or null on an architecture without a table */
export function seccompProgram(architecture: string = process.arch): Buffer | null {
  if (architecture !== 'x64' && architecture !== 'arm64') return null
  const table = architectures[architecture]
  const program: Instruction[] = [
    [LOAD_WORD, 0, 0, 4], // seccomp_data.arch
    [JUMP_EQUAL, 1, 0, table.audit],
    [RETURN, 0, 0, RET_ERRNO | ENOSYS], // 32-bit calls on a 64-bit kernel
    [LOAD_WORD, 0, 0, 0], // seccomp_data.nr
    [JUMP_AT_LEAST, 0, 1, 0x40000000], // the x32 numbering
    [RETURN, 0, 0, RET_ERRNO | ENOSYS],
  ]
  const answer = (call: number, errno: number): void => {
    program.push([JUMP_EQUAL, 0, 1, call], [RETURN, 0, 0, RET_ERRNO | errno])
  }
  for (const call of Object.values(table.refused)) answer(call, EPERM)
  // "Not there" and not "forbidden": runtimes then fall back to epoll.
  for (const call of Object.values(table.absent)) answer(call, ENOSYS)
  program.push([JUMP_EQUAL, 0, 1 + 2 * refusedFamilies.length, table.socket], [LOAD_WORD, 0, 0, 16]) // the first argument, its low half
  for (const family of refusedFamilies) answer(family, constants.errno.EAFNOSUPPORT)
  program.push([RETURN, 0, 0, RET_ALLOW])
  return assemble(program)
}

function assemble(program: readonly Instruction[]): Buffer {
  if (endianness() !== 'LE') throw new Error('the seccomp filter is written for little-endian machines')
  const bytes = Buffer.alloc(program.length * 8)
  for (const [index, [code, ifTrue, ifFalse, operand]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8)
    bytes.writeUInt8(ifTrue, index * 8 + 2)
    bytes.writeUInt8(ifFalse, index * 8 + 3)
    bytes.writeUInt32LE(operand, index * 8 + 4)
  }
  return bytes
}
