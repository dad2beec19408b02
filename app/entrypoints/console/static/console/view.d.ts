/* What the console uses of its libraries, for the type checker; the vendored files carry no types. */
export interface ReadonlySignal<T> { readonly value: T; peek(): T; subscribe(fn: (value: T) => void): () => void; }
export interface Signal<T> extends ReadonlySignal<T> { value: T; }
export type View = any;

export const Fragment: View;
export function render(view: View, parent: Element): void;
export function html(strings: TemplateStringsArray, ...values: any[]): View;

export function signal<T>(value: T): Signal<T>;
export function computed<T>(work: () => T): ReadonlySignal<T>;
export function effect(work: () => void | (() => void)): () => void;
export function batch<T>(work: () => T): T;
export function useSignal<T>(value: T): Signal<T>;
export function useComputed<T>(work: () => T): ReadonlySignal<T>;

export function useEffect(work: () => void | (() => void), inputs?: any[]): void;
export function useLayoutEffect(work: () => void | (() => void), inputs?: any[]): void;
export function useMemo<T>(work: () => T, inputs?: any[]): T;
export function useRef<T>(value: T): { current: T };
export function useState<T>(value: T | (() => T)): [T, (next: T | ((was: T) => T)) => void];
