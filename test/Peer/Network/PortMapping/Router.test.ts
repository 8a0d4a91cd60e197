import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pmpNat, upnpNat } from '@achingbrain/nat-port-mapper';
import { expect, test } from 'vitest';
import { failureText, gatewayIn, mapByPmp, mapByUpnp } from '../../../../Peer/Network/PortMapping/Router.ts';
import { LINUX, title } from '../../../Support/Requires.ts';

const ROUTES = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	0000000A	00000000	0001	0	0	0	0000FFFF	0	0	0
eth0	00000000	0102A8C0	0003	0	0	0	00000000	0	0	0
`;

test('a failure names the next step, and no error of a library', async () => {
  const none = async function* () {};
  const silence = await mapByUpnp(9_001, none(), AbortSignal.abort()).catch((failure: unknown) => failure);
  const late = AbortSignal.abort(new DOMException('late', 'TimeoutError')).reason;
  expect(failureText([silence, late], 9_001)).toBe(
    'no router answers. Switch UPnP or NAT-PMP on in the router, or forward TCP port 9001 to this computer there by hand',
  );
  expect(failureText([silence, new Error('not authorized')], 9_001)).toMatch(
    /^the router answers "not authorized"\. Instead, forward TCP port 9001 /,
  );
});

test('the default gateway in the table of routes', () => {
  expect(gatewayIn(ROUTES)).toBe('192.168.2.1');
  expect(gatewayIn(ROUTES.split('\n').slice(0, 2).join('\n'))).toBeUndefined();
  expect(gatewayIn(ROUTES.replace('0003', '0001'))).toBeUndefined();
  expect(gatewayIn('')).toBeUndefined();
});

const DEVICE = `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:2</deviceType><UDN>uuid:1</UDN><serviceList><service>
<serviceType>urn:schemas-upnp-org:service:WANIPConnection:2</serviceType><controlURL>/control</controlURL>
<SCPDURL>/scpd.xml</SCPDURL></service></serviceList></device></root>`;

/** A router that answers UPnP over HTTP. */
async function fakeRouter(refuses: boolean) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      response.setHeader('Content-Type', 'text/xml');
      if (request.url === '/desc.xml') return response.end(DEVICE);
      asked.push(body);
      if (refuses) response.statusCode = 500;
      const inside = refuses
        ? '<s:Fault><detail><UPnPError><errorCode>718</errorCode></UPnPError></detail></s:Fault>'
        : body.includes('AddAnyPortMapping')
          ? '<u:AddAnyPortMappingResponse><NewReservedPort>9001</NewReservedPort></u:AddAnyPortMappingResponse>'
          : '<u:GetExternalIPAddressResponse><NewExternalIPAddress>203.0.113.5</NewExternalIPAddress></u:GetExternalIPAddressResponse>';
      return response.end(
        `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="urn:x"><s:Body>${inside}</s:Body></s:Envelope>`,
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const gateway = await upnpNat().getGateway(new URL(`http://127.0.0.1:${port}/desc.xml`));
  return { gateway, asked, close: () => server.close() };
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value;
}

test('a router with UPnP maps the port to the address that it sees, for an hour', async () => {
  const router = await fakeRouter(false);
  const mapped = await mapByUpnp(9_001, one(router.gateway), AbortSignal.timeout(120_000));
  expect(mapped).toEqual({ host: '203.0.113.5', port: 9_001, by: 'UPnP' });
  expect(router.asked[0]).toMatch(/<NewExternalPort>9001<.*<NewProtocol>TCP</s);
  expect(router.asked[0]).toMatch(/<NewInternalClient>127\.0\.0\.1<.*<NewLeaseDuration>3600</s);
  router.close();
});

test('a refusal and a missing router are failures', async () => {
  const router = await fakeRouter(true);
  const signal = AbortSignal.timeout(120_000);
  await expect(mapByUpnp(9_001, one(router.gateway), signal)).rejects.toThrow('718');
  const nobody: AsyncIterable<typeof router.gateway> = {
    [Symbol.asyncIterator]: () => [][Symbol.iterator]() as never,
  };
  await expect(mapByUpnp(9_001, nobody, signal)).rejects.toThrow('no router answers');
  router.close();
});

test.skipIf(LINUX)(title('a router with NAT-PMP maps the port', LINUX), async () => {
  const router = createSocket('udp4');
  const asked: Buffer[] = [];
  router.on('message', (bytes, { port, address }) => {
    asked.push(bytes);
    const isMapping = bytes[1] === 2;
    const answer = Buffer.alloc(isMapping ? 16 : 12);
    answer.writeUInt8(128 + (bytes[1] ?? 0), 1);
    if (isMapping) {
      bytes.copy(answer, 8, 4, 8);
      answer.writeUInt32BE(3_600, 12);
    } else Buffer.of(203, 0, 113, 5).copy(answer, 8);
    router.send(answer, port, address);
  });
  router.bind(5_351, '127.0.0.53');
  await once(router, 'listening');
  const gateway = pmpNat('127.0.0.53');
  const mapped = await mapByPmp(9_001, gateway, AbortSignal.timeout(120_000));
  expect(mapped).toEqual({ host: '203.0.113.5', port: 9_001, by: 'NAT-PMP' });
  expect(asked[0]?.readUInt16BE(4)).toBe(9_001);
  expect(asked[0]?.readUInt32BE(8)).toBe(3_600);
  await gateway.stop();
  router.close();
});
