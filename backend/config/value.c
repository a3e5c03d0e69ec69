#include "backend/config/value.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "backend/base/mem.h"
#include "backend/config/key.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static const struct { const char *name; int64_t ms; } units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

/* One to `most` digits at the text's beginning; returns how many, 0 when there is none or one too many. */
static size_t digits(const char *text, size_t most, int64_t *ret)
{
	size_t n = strspn(text, DIGITS);
	int64_t value = 0;

	if (n == 0 || n > most)
		return 0;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (text[i] - '0');
	*ret = value;
	return n;
}

bool value_duration(const char *text, int64_t *ret_ms)
{
	int64_t number = 0;
	size_t n = digits(text, 9, &number);

	for (size_t i = 0; n > 0 && i < ARRAY_LEN(units); i++) {
		if (strcmp(text + n, units[i].name) != 0)
			continue;
		*ret_ms = number * units[i].ms;
		return true;
	}
	return false;
}

char *value_duration_text(int64_t ms)
{
	if (ms == 0)
		return mem_dup("0s");
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (ms % units[i].ms == 0)
			return mem_printf("%lld%s", (long long)(ms / units[i].ms), units[i].name);
	return mem_dup("");
}

bool value_range(const char *text, int *ret_first, int *ret_last)
{
	int64_t first = 0, last = 0;
	size_t n = digits(text, 5, &first);
	size_t m = n && text[n] == '-' ? digits(text + n + 1, 5, &last) : 0;

	if (m == 0 || text[n + 1 + m] != '\0')
		return false;
	*ret_first = (int)first;
	*ret_last = (int)last;
	return true;
}

bool value_is_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= NAME_MAX_LENGTH && text[0] != '-' && strspn(text, LETTERS DIGITS "-") == len;
}

bool value_is_variable(const char *text)
{
	return text[0] != '\0' && !strchr(DIGITS, text[0]) && text[strspn(text, LETTERS CAPITALS DIGITS "_")] == '\0';
}

bool value_is_address(const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

bool value_is_person(const char *text)
{
	static const char letters[] = LETTERS CAPITALS DIGITS "_.$-";
	const char *name = text + (*text == '@');
	size_t len = strlen(name);

	/* "#1234" is a uid that has no name. */
	return len > 0 && len <= 63 && !strchr(".$-", *name)
		&& strspn(name + (*name == '#'), letters) + (*name == '#') == len;
}
