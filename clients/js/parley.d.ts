export interface Actor { id: string; kind: "user" | "agent" | "system"; name: string }
export interface Member { id: string; name: string; role: "owner" | "member" }
export interface Agent { id: string; handle: string; name: string }
export interface Mention { id: string; kind: "user" | "agent" }
export interface Usage { input_tokens: number; output_tokens: number; requests: number; tool_calls: number }
export type RunOutcome = "success" | "cancelled" | "interrupted" | "error" | "limit";

/** One entry of the group's log. `data` is what its `type` says; see docs for all of them. */
export interface Event {
  type: string; seq: number; epoch: string; ts: string; actor: Actor; causation?: number; run_id?: string;
  data: Record<string, unknown>;
}

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

/** A run under way. `length` is that of `text` in Unicode code points. */
export interface ActiveRun {
  run_id: string; agent_id: string; trigger: number; text: string; length: number; started_at: string | null;
}

export interface Room {
  group_id: string;
  epoch: string | null;
  seq: number;
  status: "active" | "archiving" | "archived";
  title: string;
  you: Member | null;
  members: Record<string, Member>;
  agents: Record<string, Agent>;
  online: string[];
  reads: Record<string, number>;
  /** user id → when it ends, in Unix milliseconds */
  typing: Record<string, number>;
  runs: Record<string, ActiveRun>;
  /** Sorted by seq. */
  messages: Message[];
  pending: PendingMessage[];
  /** What happened besides messages since this client is here: joins, leaves, failed runs. */
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
  delete<T = unknown>(path: string): Promise<T>;
  json<T = unknown>(method: string, path: string, body?: object): Promise<T>;
  request(method: string, path: string, body?: object): Promise<Response>;
  /** All items of a paged list. */
  all<T = unknown>(path: string, key: string): Promise<T[]>;
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
