/*
 * ci: the shop's unit tests, as its CI runs them for each build: every product, at telling quantities, with every coupon.
 * usage: ci BEHAVIOUR-FILE > junit.xml       exit code 1 when a test failed
 *
 * What is expected is worked out in another way than pricing.c does it: in hundredths of a cent, line by line
 * of the shop's terms, never with its functions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "demo/src/behaviour.h"
#include "demo/src/pricing.h"

static const int quantities[] = { 1, 2, 4, 9, 10, 25 };
static const char *const coupons[] = { "", "SAVE10", "WELCOME5" };

enum { CASES_MAX = 1000 };

struct result { char name[96]; char message[128]; double seconds; };
struct results { struct result items[CASES_MAX]; size_t n, failed; };

/* The terms, in hundredths of a cent: percentages of whole cents are exact there; each is then rounded to cents. */
static long round_up_from_half(long hundredths)
{
	return hundredths / 100 + (hundredths % 100 >= 50);
}

static long expected_total(long price, long quantity, const char *coupon)
{
	long lines = price * quantity, discount = 0, goods;

	if (quantity > 9)
		lines = lines - round_up_from_half(lines * 5);
	if (*coupon == 'S')
		discount = round_up_from_half(lines * 10);
	if (*coupon == 'W' && lines > 1999)
		discount = 500;
	goods = lines - discount;
	return goods < 5000 ? goods + 495 : goods;
}

static void check_one(struct results *all, const struct product *p, int quantity, const char *coupon, bool free_above_only)
{
	struct result *r = &all->items[all->n++];
	struct cart cart = { .free_above_only = free_above_only };
	struct timespec start, end;
	struct quote quote = { 0 };
	const char *why = "";
	char number[16];
	long want = expected_total(p->price, quantity, coupon);

	clock_gettime(CLOCK_MONOTONIC, &start);
	snprintf(r->name, sizeof r->name, "%d x %s%s%s costs %ld.%02ld", quantity, p->id, *coupon ? " with " : "", coupon,
	         want / 100, want % 100);
	snprintf(number, sizeof number, "%d", quantity);
	if (!cart_add(&cart, p->id, number, &why) || !cart_set_coupon(&cart, coupon, &why) || !cart_price(&cart, &quote, &why))
		snprintf(r->message, sizeof r->message, "refused: %s", why);
	else if (quote.total != want)
		snprintf(r->message, sizeof r->message, "expected %ld.%02ld, got %d.%02d", want / 100, want % 100,
		         quote.total / 100, quote.total % 100);
	clock_gettime(CLOCK_MONOTONIC, &end);
	r->seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	all->failed += *r->message != '\0';
}

static void write_junit(const struct results *all)
{
	printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	       "<testsuites>\n  <testsuite name=\"pricing\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n",
	       all->n, all->failed);
	for (size_t i = 0; i < all->n; i++) {
		const struct result *r = &all->items[i];

		printf("    <testcase classname=\"pricing\" name=\"%s\" time=\"%.6f\"", r->name, r->seconds);
		if (*r->message)
			printf(">\n      <failure message=\"%s\">demo/src/pricing.c: cart_price: %s</failure>\n    </testcase>\n",
			       r->message, r->message);
		else
			printf("/>\n");
	}
	printf("  </testsuite>\n</testsuites>\n");
}

int main(int argc, char **argv)
{
	struct results all = { 0 };
	struct behaviour b;

	if (argc != 2 || !behaviour_read(argv[1], &b)) {
		fprintf(stderr, "usage: ci BEHAVIOUR-FILE\n");
		return 2;
	}
	for (size_t p = 0; p < catalogue_size; p++)
		for (size_t q = 0; q < sizeof quantities / sizeof quantities[0]; q++)
			for (size_t c = 0; c < sizeof coupons / sizeof coupons[0]; c++)
				check_one(&all, &catalogue[p], quantities[q], coupons[c], b.free_above_only);
	write_junit(&all);
	return all.failed > 0;
}
