/*
 * pricing: what the shop sells and what a cart costs. Pure; all money is in cents.
 *
 *   line       quantity × price; from 10 pieces on, 5 % less
 *   discount   SAVE10: 10 % of all lines; WELCOME5: 5.00, when the lines come to 20.00 or more
 *   shipping   4.95; nothing when lines less discount come to 50.00 or more
 *   tax        19 %, contained in the total
 * Every percentage is rounded to the cent, halves up.
 */
#ifndef DEMO_PRICING_H
#define DEMO_PRICING_H

#include <stdbool.h>
#include <stddef.h>

enum { CART_LINES_MAX = 100, CART_QUANTITY_MAX = 999 };

struct product { const char *id, *name; int price; };
extern const struct product catalogue[];
extern const size_t catalogue_size;
const struct product *catalogue_find(const char *id);      /* NULL: not sold here */

struct cart_line { const struct product *product; int quantity; int amount; };

struct cart {
	struct cart_line lines[CART_LINES_MAX];
	size_t n;
	char coupon[16];           /* "" for none */
	bool free_above_only;      /* the fault of one build, see behaviour.h */
};

struct quote { int subtotal, discount, shipping, tax, total; };

/* The same product again adds to its line. false: `ret_why` says what is wrong, in words for a customer. */
bool cart_add(struct cart *cart, const char *id, const char *quantity, const char **ret_why);
bool cart_set_coupon(struct cart *cart, const char *coupon, const char **ret_why);
/* Also fills in each line's amount. false: the cart is empty. */
bool cart_price(struct cart *cart, struct quote *ret, const char **ret_why);

#endif
