import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { JsonSchema, OpenApiDocument, Operation } from './openapi.ts'

/** The description for people, on one page that loads nothing else. */
export function docsPage({ info, paths, components }: OpenApiDocument): HtmlEscapedString | Promise<HtmlEscapedString> {
  const calls = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${info.title}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
code, pre { font: 0.9em/1.45 ui-monospace, monospace; }
section { border-top: 1px solid #8886; padding: 0.5rem 0 1rem; }
h2 { font-size: 1.05rem; margin: 0.75rem 0 0.25rem; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
table { border-collapse: collapse; margin: 0.5rem 0; } th, td { text-align: left; padding: 0.15rem 1rem 0.15rem 0; vertical-align: top; }
nav a { display: block; } .quiet { opacity: 0.75; }
</style>
</head>
<body>
<h1>${info.title}</h1>
<p>${info.description} As OpenAPI 3.1: <a href="openapi.json">openapi.json</a>.</p>
<nav aria-label="Calls">${calls.map(({ path, method, operation }, index) => html`${tagOf(operation) === tagOf(calls[index - 1]?.operation) ? '' : html`<h2>${tagOf(operation)}</h2>`}<a href="#${anchor(method, path)}"><code>${method} ${path}</code> – ${operation.summary}</a>`)}</nav>
<main>
${calls.map(({ path, method, operation }) => callSection(path, method, operation))}
<h1>Objects</h1>
${Object.entries(components.schemas).map(([name, schema]) => html`<section id="schema-${name}"><h2>${name}</h2><p>${schema['description'] ?? ''}</p>${propertyTable(schema)}</section>`)}
</main>
</body>
</html>`
}

function tagOf(operation: Operation | undefined): string {
  return operation?.tags?.[0] ?? ''
}

function callSection(path: string, method: string, operation: Operation): ReturnType<typeof html> {
  const body = operation.requestBody?.content['application/json'].schema
  const answers = Object.entries(operation.responses).filter(([status]) => status !== 'default')
  return html`<section id="${anchor(method, path)}">
<h2><span class="method">${method}</span> <code>${path}</code></h2>
<p>${operation.summary}. <span class="quiet">${operation.description}</span></p>
${operation.parameters.length === 0 ? '' : html`<table><tr><th>Parameter</th><th>In</th><th>What</th></tr>${operation.parameters.map(({ name, in: place, schema }) => html`<tr><td><code>${name}</code></td><td>${place}</td><td>${typeName(schema)} <span class="quiet">${schema['description'] ?? ''}</span></td></tr>`)}</table>`}
${body === undefined ? '' : html`<p>Body: ${typeName(body)}</p>${body['$ref'] === undefined ? propertyTable(body) : ''}`}
${answers.map(([status, { content }]) => {
  const schema = (content as { 'application/json'?: { schema: JsonSchema } } | undefined)?.['application/json']?.schema
  return html`<p>Answer ${status}${schema === undefined ? '' : html`: ${typeName(schema)}`}</p>${schema === undefined || schema['$ref'] !== undefined ? '' : propertyTable(schema)}`
})}
</section>`
}

function propertyTable(schema: JsonSchema): ReturnType<typeof html> | string {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>)
  if (properties.length === 0) return ''
  const required = (schema['required'] ?? []) as readonly string[]
  return html`<table><tr><th>Field</th><th>Type</th><th></th></tr>${properties.map(([name, property]) => html`<tr><td><code>${name}</code>${required.includes(name) ? '' : html` <span class="quiet">optional</span>`}</td><td>${typeName(property)}</td><td class="quiet">${property['description'] ?? ''}</td></tr>`)}</table>`
}

function typeName(schema: JsonSchema): ReturnType<typeof html> | string {
  const reference = typeof schema['$ref'] === 'string' ? schema['$ref'].split('/').at(-1) : undefined
  if (reference !== undefined) return html`<a href="#schema-${reference}">${reference}</a>`
  const choices = (schema['anyOf'] ?? schema['oneOf']) as readonly JsonSchema[] | undefined
  if (choices !== undefined) return html`${choices.map((choice, index) => html`${index === 0 ? '' : ' or '}${typeName(choice)}`)}`
  if (Array.isArray(schema['enum'])) return html`<code>${schema['enum'].join(' | ')}</code>`
  if (schema['type'] === 'array') return html`list of ${typeName((schema['items'] ?? {}) as JsonSchema)}`
  if (typeof schema['additionalProperties'] === 'object') return html`map to ${typeName(schema['additionalProperties'] as JsonSchema)}`
  const format = typeof schema['format'] === 'string' ? ` (${schema['format']})` : ''
  return `${typeof schema['type'] === 'string' ? schema['type'] : 'any'}${format}`
}

function anchor(method: string, path: string): string {
  return `${method}${path}`.replaceAll(/[^A-Za-z0-9]+/g, '-').toLowerCase()
}
