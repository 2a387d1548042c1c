/**
 * Loaded before @portkey-ai/gateway. Its own repository patches the server library that its package
 * brings along; without the patch every stream answers 500. The patch keeps the global Response as
 * it is, and so does this. Also binds to loopback: by itself it listens on every address.
 */
import { Server } from "node:net";

const define = Object.defineProperty;
Object.defineProperty = <T>(target: T, name: PropertyKey, value: PropertyDescriptor & ThisType<unknown>): T =>
  // The library hands over the global object itself.
  (target as unknown) === globalThis && name === "Response" ? target : define(target, name, value);

const listen = Server.prototype.listen;
Server.prototype.listen = function listenOnLoopback(this: Server, port: unknown, ...more: unknown[]): Server {
  const ready = more.find((entry) => typeof entry === "function");
  const portNumber = typeof port === "object" && port !== null && "port" in port ? port.port : port;
  return Reflect.apply(listen, this, [{ port: Number(portNumber), host: "127.0.0.1" }, ready]);
} as typeof listen; // all overloads end in the one form that is used here
