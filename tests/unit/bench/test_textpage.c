// SPDX-License-Identifier: GPL-2.0-only
/* Pages as text and as Markdown. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "textpage.h"

#define PAGE(body) "<!DOCTYPE html>\n<html lang=\"en\"><head><title>T</title><style>a > b</style></head><body><main>\n" body "</main></body></html>\n"

static void is_text(const char *html, enum textpage_form form, unsigned width, const char *expected)
{
	struct why why = { "" };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(textpage_write(f, html, "page", form, width, &why), 0);
	fclose(f);
	assert_string_equal(text, expected);
	free(text);
}

static void paragraphs(void **state)
{
	const char *html = PAGE("<h1>Title</h1>\n<p class=\"answer\">use A &amp; B, not\nC.</p><h2>More</h2><pre>one\n  two &lt;\n</pre><p></p>");

	(void)state;
	is_text(html, TEXTPAGE_PLAIN, 12, "Title\n=====\n\nuse A & B,\nnot C.\n\nMore\n----\n\none\n  two <\n\n");
	is_text(html, TEXTPAGE_MARKDOWN, 12, "# Title\n\nuse A & B, not C.\n\n## More\n\n```\none\n  two <\n```\n\n");
}

static void drawings_are_their_words(void **state)
{
	const char *html = PAGE("<figure><svg role=\"img\" aria-label=\"a line\"><title>a line</title><g><text>7</text></g></svg><figcaption>Left is better.</figcaption></figure>");

	(void)state;
	is_text(html, TEXTPAGE_PLAIN, 80, "(Drawing: a line.)\n\nLeft is better.\n\n");
	is_text(html, TEXTPAGE_MARKDOWN, 80, "*Drawing: a line.*\n\nLeft is better.\n\n");
}

static void tables(void **state)
{
	const char *html = PAGE("<div class=\"scroll\"><table><tr><th>way</th><th class=\"n\">us</th><th></th></tr>\n"
				"<tr><td class=\"k\">a|b</td><td class=\"n\">7<br/><small>6 to 8</small></td><td class=\"\">because it is so</td></tr>\n"
				"<tr><td class=\"k\">plain</td><td class=\"n\">123</td><td class=\"\"></td></tr></table></div><details><summary>raw</summary></details>");

	(void)state;
	is_text(html, TEXTPAGE_PLAIN, 80, "way            us\na|b    7 [6 to 8]  because it is so\nplain         123\n\n");
	is_text(html, TEXTPAGE_PLAIN, 34, "way            us\na|b    7 [6 to 8]  because it is\n                   so\nplain         123\n\n");
	is_text(html, TEXTPAGE_MARKDOWN, 0,
		"| way | us |  |\n|---|---:|---|\n| a\\|b | 7 [6 to 8] | because it is so |\n| plain | 123 |  |\n\n");
}

/* What html.c makes is what is read here. */
/* More than four columns that do not fit. */
static void wide_tables(void **state)
{
	const char *html = PAGE("<table><tr><th>way</th><th class=\"n\">us</th><th class=\"n\">p99</th><th class=\"n\">CPU</th><th>why</th></tr>"
				"<tr><td>plain</td><td class=\"n\">1</td><td class=\"n\">-</td><td class=\"n\">3</td><td>it is so</td></tr></table>");

	(void)state;
	is_text(html, TEXTPAGE_PLAIN, 20, "plain\n  us 1; CPU 3; why\n  it is so\n\n");
	is_text(html, TEXTPAGE_PLAIN, 80, "way    us  p99  CPU  why\nplain   1    -    3  it is so\n\n");
}

static void pages_of_ours(void **state)
{
	struct est e = { .value = 1, .lo = 0.5, .hi = 2, .n = 5 };
	char *html = NULL;
	size_t size;
	FILE *f = open_memstream(&html, &size);

	(void)state;
	html_begin(f, "A & B");
	html_table(f, "x|#y");
	fputs("<tr>", f);
	html_cell(f, "k", "<&>\"");
	html_interval(f, &e);
	fputs("</tr>", f);
	html_table_end(f);
	html_end(f);
	fclose(f);
	is_text(html, TEXTPAGE_PLAIN, 80, "A & B\n=====\n\nx                y\n<&>\"  1 [0.5 to 2]\n\n");
	free(html);
}

static void damaged(void **state)
{
	struct why why = { "" };
	FILE *f = fopen("/dev/null", "w");

	(void)state;
	assert_int_equal(textpage_write(f, "<html><p>cut", "page", TEXTPAGE_PLAIN, 80, &why), -EINVAL);
	assert_non_null(strstr(why.text, "page: line 1: "));
	assert_int_equal(textpage_write(f, "", "page", TEXTPAGE_PLAIN, 80, &why), -EINVAL);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paragraphs),
		cmocka_unit_test(drawings_are_their_words),
		cmocka_unit_test(tables),
		cmocka_unit_test(wide_tables),
		cmocka_unit_test(pages_of_ours),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
