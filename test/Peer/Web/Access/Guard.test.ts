import { describe, expect, test } from 'vitest';
import {
  bodyDenial,
  denialOf,
  managingDenial,
  type RequestFacts,
} from '../../../../Peer/Web/Access/Guard.ts';

const plain: RequestFacts = {
  method: 'GET',
  secure: false,
  host: '192.168.1.20:9001',
  origin: undefined,
  fetchSite: undefined,
  fetchMode: undefined,
};

const statusOf = (facts: Partial<RequestFacts>) => denialOf({ ...plain, ...facts }, ['studio'])?.status;

describe('requests that a hostile page can cause are refused', () => {
  test.each([
    ['192.168.1.20:9001', undefined],
    ['127.0.0.1', undefined],
    ['localhost:9001', undefined],
    ['LOCALHOST:9001', undefined],
    ['[::1]:9001', undefined],
    ['[fe80::1]', undefined],
    ['studio:9001', undefined],
    ['evil.example:9001', 403],
    ['studio.evil.example', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['127.0.0.1@evil.example', 403],
    ['evil.example/127.0.0.1', 403],
    ['[evil.example]', 403],
    ['1.2.3', 403],
    ['127.0.0.1:65536', 403],
    ['127.0.0.1:0', 403],
    ['', 400],
    [undefined, 400],
  ])('Host %s', (host, status) => {
    expect(statusOf({ host })).toBe(status);
  });

  test.each([
    ['http://192.168.1.20:9001', undefined],
    ['http://192.168.1.20:9002', 403],
    ['https://192.168.1.20:9001', 403],
    ['http://evil.example', 403],
    ['null', 403],
    ['', 403],
  ])('Origin %s', (origin, status) => {
    for (const method of ['GET', 'POST']) expect(statusOf({ method, origin })).toBe(status);
  });

  test('another site may link here, and nothing else', () => {
    expect(statusOf({ fetchSite: 'cross-site', fetchMode: 'navigate' })).toBeUndefined();
    expect(statusOf({ fetchSite: 'cross-site', fetchMode: 'no-cors' })).toBe(403);
    expect(statusOf({ fetchSite: 'same-site', fetchMode: 'no-cors' })).toBe(403);
    expect(statusOf({ method: 'POST', fetchSite: 'cross-site', fetchMode: 'navigate' })).toBe(403);
    expect(statusOf({ fetchSite: 'same-origin', fetchMode: 'cors' })).toBeUndefined();
  });

  test.each(['OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get'])('method %s', (method) => {
    expect(statusOf({ method })).toBe(405);
  });
});

test('over HTTPS the Origin has that scheme', () => {
  const own = { secure: true, host: '192.168.1.20:9001' };
  expect(statusOf({ ...own, origin: 'https://192.168.1.20:9001' })).toBeUndefined();
  expect(statusOf({ ...own, origin: 'http://192.168.1.20:9001' })).toBe(403);
});

describe('managing', () => {
  const guest = {
    remote: '192.168.1.30',
    secure: false,
    token: false,
    login: false,
    byPage: true,
    hasPassword: false,
  };
  test.each([
    [{ remote: '127.0.0.1', token: true }, undefined],
    [{ remote: '::1', token: true }, undefined],
    [{ remote: '127.0.0.1', token: false }, 401],
    [{ token: true }, 403],
    [{ remote: '', token: true }, 403],
    [{ secure: true, token: true }, 403],
    [{ secure: true, login: true, hasPassword: true }, undefined],
    [{ secure: true, login: true, hasPassword: true, byPage: false }, 401],
    [{ secure: false, login: true, hasPassword: true }, 403],
    [{ secure: true, hasPassword: true }, 401],
  ])('%j', (facts, status) => {
    expect(managingDenial({ ...guest, ...facts })?.status).toBe(status);
  });
});

test('a body is JSON of bounded length', () => {
  expect(bodyDenial('application/json', '10', 10)).toBeUndefined();
  expect(bodyDenial('application/json; charset=utf-8', undefined, 10)).toBeUndefined();
  expect(bodyDenial('application/json', '11', 10)?.status).toBe(413);
  for (const type of [undefined, 'text/plain', 'application/jsonp', 'application/x-www-form-urlencoded'])
    expect(bodyDenial(type, '1', 10)?.status).toBe(415);
});
