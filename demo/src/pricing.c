#include "demo/src/pricing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BULK_FROM = 10, BULK_PERCENT = 5, FREE_SHIPPING_FROM = 5000, SHIPPING = 495, TAX_PERCENT = 19 };
enum { WELCOME = 500, WELCOME_FROM = 2000, SAVE_PERCENT = 10 };

const struct product catalogue[] = {
	{ "carafe", "Carafe, 0.6 l", 2750 },
	{ "cup", "Espresso cup", 780 },
	{ "decaf", "Decaf beans, 500 g", 1145 },
	{ "espresso", "Espresso beans, 500 g", 1250 },
	{ "filter", "Filter beans, 500 g", 995 },
	{ "gift-card", "Gift card", 2500 },
	{ "grinder", "Hand grinder", 8900 },
	{ "kettle", "Gooseneck kettle", 4990 },
	{ "mug", "Mug", 990 },
	{ "papers", "Filter papers, 100", 435 },
	{ "scale", "Scale with timer", 3495 },
	{ "tamper", "Tamper, 58 mm", 1865 },
};
const size_t catalogue_size = sizeof catalogue / sizeof catalogue[0];

const struct product *catalogue_find(const char *id)
{
	for (size_t i = 0; i < catalogue_size; i++)
		if (strcmp(catalogue[i].id, id) == 0)
			return &catalogue[i];
	return NULL;
}

/* numerator / denominator, rounded to the nearest, halves up; neither is negative. */
static int divide(long numerator, long denominator)
{
	return (int)((2 * numerator + denominator) / (2 * denominator));
}

static int percent(int amount, int of_hundred)
{
	return divide((long)amount * of_hundred, 100);
}

static struct cart_line *line_of(struct cart *cart, const struct product *product)
{
	for (size_t i = 0; i < cart->n; i++)
		if (cart->lines[i].product == product)
			return &cart->lines[i];
	if (cart->n == CART_LINES_MAX)
		return NULL;
	cart->lines[cart->n] = (struct cart_line){ .product = product };
	return &cart->lines[cart->n++];
}

bool cart_add(struct cart *cart, const char *id, const char *quantity, const char **ret_why)
{
	const struct product *product = catalogue_find(id);
	struct cart_line *line;
	char *end;
	long n = strtol(quantity, &end, 10);

	if (!product) {
		*ret_why = "no such product";
		return false;
	}
	line = line_of(cart, product);
	if (!line || end == quantity || *end || n < 1 || n > CART_QUANTITY_MAX - line->quantity) {
		*ret_why = "quantity must be 1 to 999";
		return false;
	}
	line->quantity += (int)n;
	return true;
}

bool cart_set_coupon(struct cart *cart, const char *coupon, const char **ret_why)
{
	if (strcmp(coupon, "SAVE10") != 0 && strcmp(coupon, "WELCOME5") != 0 && *coupon) {
		*ret_why = "no such coupon";
		return false;
	}
	snprintf(cart->coupon, sizeof cart->coupon, "%s", coupon);
	return true;
}

static int discount_of(const struct cart *cart, int subtotal)
{
	if (strcmp(cart->coupon, "SAVE10") == 0)
		return percent(subtotal, SAVE_PERCENT);
	if (strcmp(cart->coupon, "WELCOME5") == 0 && subtotal >= WELCOME_FROM)
		return WELCOME;
	return 0;
}

bool cart_price(struct cart *cart, struct quote *ret, const char **ret_why)
{
	struct quote q = { 0 };
	int goods;

	if (cart->n == 0) {
		*ret_why = "the cart is empty";
		return false;
	}
	for (size_t i = 0; i < cart->n; i++) {
		struct cart_line *line = &cart->lines[i];

		line->amount = line->quantity * line->product->price;
		if (line->quantity >= BULK_FROM)
			line->amount -= percent(line->amount, BULK_PERCENT);
		q.subtotal += line->amount;
	}
	q.discount = discount_of(cart, q.subtotal);
	goods = q.subtotal - q.discount;
	q.shipping = goods > FREE_SHIPPING_FROM || (goods == FREE_SHIPPING_FROM && !cart->free_above_only) ? 0 : SHIPPING;
	q.total = goods + q.shipping;
	q.tax = divide((long)q.total * TAX_PERCENT, 100 + TAX_PERCENT);
	*ret = q;
	return true;
}
