"use strict";
// Loaded into Node by `offhook exec` (NODE_OPTIONS=--require), because Node's fetch, http and https heed no proxy
// variables. Connections to the served hosts are made to the proxy of `offhook exec` on loopback instead, which
// takes TLS and plain HTTP on one port; the name in the TLS handshake and in the Host header stays. Agents and
// dispatchers of the program, whoever made them, end in the two functions that are changed here.

const net = require("net");
const tls = require("tls");
const http = require("http");
const { syncBuiltinESMExports } = require("module");

const port = Number(process.env.OFFHOOK_EXEC_PORT);
const served = new RegExp(`^(?:${process.env.OFFHOOK_EXEC_HOSTS})$`, "i");
const refuses = process.env.OFFHOOK_EXEC_REST === "refuse";
const WEB_PORTS = [80, 443];

function bare(host) {
  return String(host).replace(/^\[|\]$/g, "").replace(/\.$/, "").toLowerCase();
}

function isLoopback(name) {
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127\.[\d.]+$/.test(name);
}

// The options of connect(options[, listener]) and connect(port[, host][, options][, listener]); null for a path.
function read(given) {
  const list = [...given];
  const listener = typeof list[list.length - 1] === "function" ? list.pop() : undefined;
  const object = list.find((each) => each !== null && typeof each === "object" && !Array.isArray(each));
  const options = { ...object };
  if (list.length > 0 && list[0] !== object) {
    if (!/^\d+$/.test(String(list[0]))) return null;
    options.port = list[0];
    if (typeof list[1] === "string") options.host = list[1];
  }
  return { options, listener };
}

function refused(host) {
  const socket = new net.Socket();
  const sentence = `offhook exec refuses ${host}: only Vonage's hosts are answered; use --others pass to let others through`;
  process.nextTick(() => socket.destroy(Object.assign(new Error(sentence), { code: "ECONNREFUSED" })));
  return socket;
}

function led(connect, secure) {
  return function (...given) {
    const call = Array.isArray(given[0]) ? null : read(given);
    if (call === null || call.options.path || call.options.socket || !call.options.host) {
      return connect.apply(this, given);
    }
    const { options, listener } = call;
    const name = bare(options.host);
    if (served.test(name)) {
      if (secure && !options.servername) options.servername = name;
      Object.assign(options, { host: "127.0.0.1", port });
      delete options.lookup;
      delete options.family;
      delete options.localAddress;
      return connect.call(this, options, listener);
    }
    if (refuses && !isLoopback(name) && WEB_PORTS.includes(Number(options.port))) return refused(name);
    return connect.apply(this, given);
  };
}

if (port > 0) {
  tls.connect = led(tls.connect, true);
  net.connect = net.createConnection = led(net.createConnection, false);
  http.Agent.prototype.createConnection = net.createConnection;
  syncBuiltinESMExports();
}
