export interface Actor { id: string; kind: "user" | "agent" | "system"; name: string }
export interface Member { id: string; name: string; role: "owner" | "member" }
export interface Agent { id: string; handle: string; name: string }
export interface Mention { id: string; kind: "user" | "agent" }
export interface Usage { input_tokens: number; output_tokens: number; requests: number; tool_calls: number }
export type RunOutcome = "success" | "cancelled" | "interrupted" | "error" | "limit";

export type ApprovalOutcome = "approved" | "denied" | "expired" | "cancelled";

/** How agents take turns in a group; limits that are absent or null are not set. */
export interface TurnSettings {
  turn_policy: "mention" | "all" | "round_robin" | "selector" | "silent";
  on_busy: "queue" | "merge" | "interrupt" | "drop";
  turn_budget: number;
  hop_limit: number;
  selector_agent_id?: string | null;
  run_token_limit?: number | null;
  daily_token_limit?: number | null;
}

/** An agent asks `approvers` before it uses a tool. `args` is JSON; silence until `expires_at` means no. */
export interface Approval {
  approval_id: string; agent_id: string; run_id: string; tool: string; args: string; args_digest: string;
  approvers: string[]; expires_at: string;
}

/** What each type of event carries. */
export interface EventData {
  "message.created": { text: string; client_msg_id?: string; mentions: Mention[]; reply_to?: number };
  "message.edited": { target: number; text: string };
  "message.deleted": { target: number };
  "reaction.changed": { target: number; emoji: string; on: boolean };
  "member.joined": { member: Member };
  "member.left": { member: Member };
  "member.role_changed": { member: Member };
  "member.renamed": { member: Member };
  "member.erased": { user_id: string };
  "agent.added": { agent: Agent };
  "agent.removed": { agent: Agent };
  "agent.changed": { agent: Agent };
  "read.moved": { position: number };
  "run.started": { run_id: string; agent_id: string; trigger: number; purpose?: "select" };
  "run.finished": {
    run_id: string; agent_id: string; outcome: RunOutcome; usage: Usage; message_seq?: number; error?: string;
  };
  "approval.requested": Approval;
  "approval.resolved": { approval_id: string; outcome: ApprovalOutcome; run_id: string; reason?: string };
  "loop.paused": { agent_ids: string[]; limit: "turns" | "hops"; trigger: number };
  "selector.failed": { reason: string; trigger: number; agent_id?: string };
  "group.updated": { title: string; turns?: TurnSettings };
  "group.archived": { reason: string };
  "group.restored": { reason: string };
}

/** `digests` are there once its person was erased: the texts they stand for are empty. */
interface Entry<Type extends string, Data> {
  type: Type; seq: number; epoch: string; ts: string; actor: Actor; causation?: number; run_id?: string; data: Data;
  digests?: Record<string, string>;
}

/** One entry of the group's log. A newer server may send types that are not listed here: they count, and may be ignored. */
export type Event = { [Type in keyof EventData]: Entry<Type, EventData[Type]> }[keyof EventData];

/** More of a run's text; `offset` counts Unicode code points. */
export interface RunDelta { type: "run.delta"; run_id: string; agent_id: string; offset: number; text: string }

/** What a group tells, one after the other; after "reset" start over from its snapshot. */
export type Item =
  | Event
  | RunDelta
  | { type: "typing"; user_id: string; on: boolean }
  | { type: "presence"; user_id: string; online: boolean }
  | { type: "reset"; snapshot: { seq: number; messages: Message[] } };

/** A message as it stands now: edits, deletion and reactions (emoji → user ids) applied. */
export interface Message {
  seq: number; ts: string; actor: Actor; text: string; reply_to?: number; run_id?: string;
  edited: boolean; deleted: boolean; reactions: Record<string, string[]>;
}

/** A message said here and not yet seen in the log. `seq` once it is stored, `error` once it is refused. */
export interface PendingMessage {
  client_msg_id: string; text: string; mentions: Mention[]; reply_to?: number; ts: string; seq?: number;
  error?: { code: string; message: string };
}

/** A run under way. `length` is that of `text` in code points; a run to "select" only decides who answers. */
export interface ActiveRun {
  run_id: string; agent_id: string; trigger: number; purpose: "select" | null; text: string; length: number;
  started_at: string | null;
}

export interface Room {
  group_id: string;
  epoch: string | null;
  seq: number;
  status: "active" | "archiving" | "archived";
  title: string;
  turns: TurnSettings | null;
  you: Member | null;
  members: Record<string, Member>;
  agents: Record<string, Agent>;
  online: string[];
  reads: Record<string, number>;
  /** user id → when it ends, in Unix milliseconds */
  typing: Record<string, number>;
  runs: Record<string, ActiveRun>;
  /** What agents wait for a word on, by approval id. */
  approvals: Record<string, Approval>;
  /** Sorted by seq. */
  messages: Message[];
  pending: PendingMessage[];
  /** What happened besides messages since this client is here: joins, leaves, failed runs, agents that were stopped. */
  notices: Event[];
  earlier: { before: number | null; more: boolean; later: Record<number, unknown> };
}

/** A frame of the server (parsed), or one of the client's own: "hello", "history.page", "tick", "local.*". */
export type Frame = Record<string, unknown> | Record<string, unknown>[];

export const TYPING_LIFE_MS: number;
export function emptyRoom(groupId?: string): Room;
/** Pure: the room after one frame. */
export function reduce(state: Room, frame: Frame, nowMs?: number): Room;
/** Whether something before this frame never arrived. */
export function gapIn(state: Room, frame: Frame): boolean;
/** The room that an archive's lines add up to. */
export function foldArchive(text: string, groupId?: string): Room;
export function codePoints(text: string): number;

/** Whether a socket that was closed with this code may come back. */
export function comesBack(code: number): boolean;
/** How long to wait before it does; `random` is in [0, 1). */
export function backoffMs(attempt: number, random: number, code?: number): number;

/** A REST request that was refused, or never arrived (`status` 0). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterMs: number | null;
  readonly requestId: string | null;
  get temporary(): boolean;
}

export class Api {
  constructor(options?: { baseUrl?: string; token?: string; fetch?: typeof fetch });
  readonly baseUrl: string;
  token: string | undefined;
  get<T = unknown>(path: string): Promise<T>;
  post<T = unknown>(path: string, body?: object): Promise<T>;
  patch<T = unknown>(path: string, body: object): Promise<T>;
  delete<T = unknown>(path: string): Promise<T>;
  json<T = unknown>(method: string, path: string, body?: object): Promise<T>;
  request(method: string, path: string, body?: object): Promise<Response>;
  /** All items of a paged list. */
  all<T = unknown>(path: string, key: string): Promise<T[]>;
}

/** The server ended the room for good; `closeCode` is 4010 or 4500–4999. */
export class Closed extends Error {
  readonly code: "closed";
  readonly closeCode: number;
  readonly reason: string;
}

/** A command that the group refused; code "disconnected" when the socket was lost before an answer came. */
export class CommandRefused extends Error {
  readonly code: string;
  readonly temporary: boolean;
  readonly retryAfterMs: number | null;
}

export type LinkPhase =
  | { name: "idle" | "connecting" | "retrying" | "online" }
  | { name: "waiting"; code: number; reason: string; retryAt: number }
  | { name: "closed"; code: number; reason: string };

export interface Around {
  WebSocket: typeof WebSocket;
  setTimeout(act: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
  now(): number;
  random(): number;
}

export interface GroupEventMap {
  state: CustomEvent<Room>;
  link: CustomEvent<LinkPhase>;
  frame: CustomEvent<Frame>;
  item: CustomEvent<Item>;
}

/** A live group. Connects with a fresh routing token each time, resumes without a gap, says every message once. */
export class Group extends EventTarget {
  constructor(options: { api: Pick<Api, "baseUrl" | "post">; groupId: string; around?: Partial<Around> });
  readonly groupId: string;
  readonly state: Room;
  readonly link: LinkPhase;
  connect(): void;
  close(): void;
  send(text: string, options?: { mentions?: Mention[]; reply_to?: number; client_msg_id?: string }):
    Promise<{ seq: number; ts: string; duplicate: boolean }>;
  retry(clientMsgId: string): Promise<{ seq: number; ts: string; duplicate: boolean }>;
  forget(clientMsgId: string): void;
  edit(seq: number, text: string): Promise<{ seq: number | null }>;
  delete(seq: number): Promise<{ seq: number | null }>;
  react(seq: number, emoji: string, on?: boolean): Promise<{ seq: number | null }>;
  read(seq: number): Promise<{ seq: number | null }>;
  typing(on: boolean): Promise<object>;
  members(): Promise<{ members: Member[]; agents: Agent[]; online: string[] }>;
  history(query?: { before?: number; after?: number; limit?: number }): Promise<{ events: Event[]; more: boolean }>;
  cancelRun(runId: string): Promise<object>;
  cancelRunsOf(clientMsgId: string): Promise<object>;
  approve(approvalId: string, word?: { approved?: boolean; reason?: string }): Promise<object>;
  /** The items from now on: ends with `close()`, throws Closed when the server ends the room. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Item>;
  /** Loads messages older than those in `state`; false when there are none. */
  loadEarlier(): Promise<boolean>;
  /** Tell the group that the machine's network came back, or may be gone. */
  online(): void;
  offline(): void;
  addEventListener<K extends keyof GroupEventMap>(
    type: K, listener: (event: GroupEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof GroupEventMap>(
    type: K, listener: (event: GroupEventMap[K]) => void, options?: boolean | EventListenerOptions): void;
}
