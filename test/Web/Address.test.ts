import { expect, test } from 'vitest';
import { fileOf, peerHash, peerName, placeOf, shareHash, swarmHash } from '../../Web/State/Address.ts';

test.each([
  ['', { page: 'files' }],
  ['#/', { page: 'files' }],
  ['#/nonsense/x', { page: 'files' }],
  ['#/downloads', { page: 'downloads' }],
  ['#/peer', { page: 'files' }],
  ['#/share', { page: 'share', folder: '' }],
  ['#/share/a//b/', { page: 'share', folder: 'a/b' }],
  ['#/doctor?file=0123456789ab', { page: 'doctor' }],
  ['#/peer/%E0%A4%A', { page: 'peer', peer: '%E0%A4%A', folder: '' }],
])('the address %s is a place', (hash, place) => {
  expect(placeOf(hash)).toEqual(place);
});

test.each(['anna', 'a/b', 'é ?#%', '<b>', '..', '日本'])('an address of %j leads back to it', (name) => {
  expect(placeOf(peerHash(name, 'x y/é#?%/z'))).toEqual({ page: 'peer', peer: name, folder: 'x y/é#?%/z' });
  expect(placeOf(peerHash(name))).toEqual({ page: 'peer', peer: name, folder: '' });
  expect(placeOf(swarmHash(name))).toEqual({ page: 'swarm', what: name });
  expect(placeOf(shareHash(`x/${name}`))).toEqual({ page: 'share', folder: `x/${name}` });
});

test('only an id opens the details of a file', () => {
  expect(fileOf('#/?file=0123456789abcdef')).toBe('0123456789abcdef');
  expect(fileOf('#/?file=javascript:alert(1)')).toBeUndefined();
  expect(fileOf('#/?file=../../x')).toBeUndefined();
});

test.each([
  [{ name: 'anna', host: '192.0.2.7', port: 9001 }, 'anna'],
  [{ name: '', host: '192.0.2.7', port: 9001 }, '192.0.2.7:9001'],
  [{ name: '', host: '2001:db8::7', port: 9001 }, '[2001:db8::7]:9001'],
])('the name of the peer %j', (peer, name) => {
  expect(peerName(peer)).toBe(name);
});
