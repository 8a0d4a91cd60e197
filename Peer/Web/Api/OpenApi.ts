import { toJsonSchema } from '@valibot/to-json-schema';
import type { ApiRoute } from './Routes.ts';

/** The OpenAPI 3.1 document of the routes, made from the schemas that check their input. */
export function openApiOf(routes: readonly ApiRoute[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    operations[route.method] = operationOf(route);
    paths[route.path] = operations;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Shoal',
      version: '1',
      description: 'Answers have the envelope of docs/reference/json.md.',
    },
    servers: [{ url: '/api/v1' }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    paths,
  };
}

function operationOf({ path, method, summary, who, input }: ApiRoute): object {
  const schema = toJsonSchema(input, { typeMode: 'input', errorMode: 'ignore' });
  const { properties = {}, required = [] } = schema;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const rest = Object.keys(properties).filter((name) => !inPath.includes(name));
  const parameter = (place: string) => (name: string) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: properties[name],
  });
  const isQuery = method === 'get' || method === 'delete';
  const body = {
    type: 'object',
    properties: Object.fromEntries(rest.map((name) => [name, properties[name]])),
    required: required.filter((name) => rest.includes(name)),
    additionalProperties: false,
  };
  return {
    summary,
    ...(who === 'owner' ? { security: [{ token: [] }] } : {}),
    parameters: [...inPath.map(parameter('path')), ...(isQuery ? rest.map(parameter('query')) : [])],
    ...(isQuery ? {} : { requestBody: { content: { 'application/json': { schema: body } } } }),
    responses: {
      default: {
        description: 'The envelope',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
    },
  };
}
