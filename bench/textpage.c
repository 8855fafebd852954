// SPDX-License-Identifier: GPL-2.0-only
#include "textpage.h"

#include <errno.h>
#include <expat.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "texttable.h"

/* What stands around the text of an element, by form. */
struct element {
	const char *name;
	bool block;			/* a paragraph of its own */
	const char *before[2], *after[2];
};

static const struct element elements[] = {
	{ "h1", true, { "", "# " }, { "", "" } },
	{ "h2", true, { "", "## " }, { "", "" } },
	{ "p", true, { "", "" }, { "", "" } },
	{ "figcaption", true, { "", "" }, { "", "" } },
	{ "pre", true, { "", "```\n" }, { "", "\n```" } },
	{ "br", false, { " ", " " }, { "", "" } },
	{ "small", false, { "[", "[" }, { "]", "]" } },
	{ "code", false, { "", "`" }, { "", "`" } },
};

/* What is not for readers of text: details are all the raw numbers. */
static const char *const unseen[] = { "head", "svg", "details" };

struct page {
	FILE *out;
	enum textpage_form form;
	unsigned width, hidden;		/* HIDDEN: depth of elements that are not seen */
	bool verbatim, numbers;		/* NUMBERS: the cell's column is one of numbers */
	char *text;			/* of the block or cell that is open */
	size_t size;
	FILE *block;
	struct texttable *table;
	bool no_memory;
};

static const char *attribute(const char **all, const char *name)
{
	for (; *all; all += 2)
		if (!strcmp(all[0], name))
			return all[1];
	return "";
}

static const struct element *known(const char *name)
{
	for (size_t i = 0; i < sizeof(elements) / sizeof(*elements); i++)
		if (!strcmp(elements[i].name, name))
			return &elements[i];
	return NULL;
}

static bool is_unseen(const char *name)
{
	for (size_t i = 0; i < sizeof(unseen) / sizeof(*unseen); i++)
		if (!strcmp(unseen[i], name))
			return true;
	return false;
}

static void open_block(struct page *p)
{
	if (p->block)
		fclose(p->block);
	free(p->text);
	p->text = NULL;
	p->block = open_memstream(&p->text, &p->size);
	p->no_memory |= !p->block;
}

/* The text of the open block, without white space around it; NULL: there is none. */
static char *close_block(struct page *p)
{
	size_t n;

	if (!p->block)
		return NULL;
	p->no_memory |= fclose(p->block) != 0;
	p->block = NULL;
	if (!p->text)
		return NULL;
	for (n = p->size; n && strchr(" \n", p->text[n - 1]);)
		p->text[--n] = '\0';
	return p->text + strspn(p->text, " \n");
}

static void underline(struct page *p, const char *text, char with)
{
	for (; *text; text++)
		fputc(with, p->out);
	fputc('\n', p->out);
}

static void print_block(struct page *p, const struct element *e)
{
	const char *text = close_block(p);

	if (!text || !*text)
		return;
	fputs(e->before[p->form], p->out);
	if (p->form == TEXTPAGE_PLAIN && !p->verbatim)
		texttable_wrap(p->out, text, p->width, 0);
	else
		fputs(text, p->out);
	fprintf(p->out, "%s\n", e->after[p->form]);
	if (p->form == TEXTPAGE_PLAIN && *e->name == 'h')
		underline(p, text, e->name[1] == '1' ? '=' : '-');
	fputc('\n', p->out);
}

/* A drawing's words. */
static void drawing(struct page *p, const char **attributes)
{
	open_block(p);
	if (p->block)
		fprintf(p->block, p->form == TEXTPAGE_MARKDOWN ? "*Drawing: %s.*" : "(Drawing: %s.)", attribute(attributes, "aria-label"));
	print_block(p, known("p"));
}

static void XMLCALL begin(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	struct page *p = ctx;
	const struct element *e = known(name);

	if (!p->hidden && !strcmp(name, "svg"))
		drawing(p, attributes);
	if (p->hidden || is_unseen(name)) {
		p->hidden++;
		return;
	}
	if (!strcmp(name, "table")) {
		p->table = texttable_new();
		p->no_memory |= !p->table;
	} else if (!strcmp(name, "tr") && p->table) {
		texttable_row(p->table);
	} else if (!strcmp(name, "td") || !strcmp(name, "th")) {
		p->numbers = *attribute(attributes, "class") == 'n';
		open_block(p);
	}
	if (!e)
		return;
	if (e->block) {
		open_block(p);
		p->verbatim = !strcmp(name, "pre");
	} else if (p->block) {
		fputs(e->before[p->form], p->block);
	}
}

static void end_table(struct page *p)
{
	if (!p->table)
		return;
	p->no_memory |= texttable_print(p->table, p->out, p->form == TEXTPAGE_MARKDOWN, p->width);
	fputc('\n', p->out);
	texttable_free(p->table);
	p->table = NULL;
}

static void XMLCALL end(void *ctx, const XML_Char *name)
{
	struct page *p = ctx;
	const struct element *e = known(name);

	if (p->hidden) {
		p->hidden--;
		return;
	}
	if (e && !e->block && p->block)
		fputs(e->after[p->form], p->block);
	if (!strcmp(name, "table")) {
		end_table(p);
	} else if (!strcmp(name, "td") || !strcmp(name, "th")) {
		const char *text = close_block(p);

		p->no_memory |= p->table && texttable_cell(p->table, text ? text : "", p->numbers);
	} else if (e && e->block) {
		print_block(p, e);
		p->verbatim = false;
	}
}

/* Outside of <pre> any white space is one blank. */
static void XMLCALL characters(void *ctx, const XML_Char *s, int len)
{
	struct page *p = ctx;

	if (p->hidden || !p->block)
		return;
	for (int i = 0; i < len; i++)
		fputc(!p->verbatim && s[i] == '\n' ? ' ' : s[i], p->block);
}

int textpage_write(FILE *out, const char *html, const char *name, enum textpage_form form, unsigned width, struct why *why)
{
	struct page p = { .out = out, .form = form, .width = width };
	XML_Parser parser = XML_ParserCreate("UTF-8");
	int rc = parser ? 0 : why_set(why, -ENOMEM, "out of memory");

	if (rc)
		return rc;
	XML_SetUserData(parser, &p);
	XML_SetElementHandler(parser, begin, end);
	XML_SetCharacterDataHandler(parser, characters);
	if (XML_Parse(parser, html, (int)strlen(html), 1) != XML_STATUS_OK)
		rc = why_set(why, -EINVAL, "%s: line %lu: %s: the page is not as this sqbench makes it: sqbench report ID makes it again", name,
			     XML_GetCurrentLineNumber(parser), XML_ErrorString(XML_GetErrorCode(parser)));
	else if (p.no_memory)
		rc = why_set(why, -ENOMEM, "out of memory");
	close_block(&p);
	free(p.text);
	texttable_free(p.table);
	XML_ParserFree(parser);
	return rc;
}
