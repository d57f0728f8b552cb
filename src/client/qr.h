/*
 * qr.h
 *		A QR code of a short text, for paper.
 */
#ifndef CG_QR_H
#define CG_QR_H

#include <stdbool.h>
#include <stddef.h>

#define QR_SIDE 33				/* modules of a side, without the margin */
#define QR_LONGEST 78			/* bytes of the text */

typedef struct QrCode
{
	bool		dark[QR_SIDE][QR_SIDE];	/* row, column */
} QrCode;

/* False if the text is too long. */
extern bool qr_make(const char *text, size_t length, QrCode *code);

#endif							/* CG_QR_H */
