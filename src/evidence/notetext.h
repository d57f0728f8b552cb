/*
 * notetext.h
 *		Signed notes as text of a database.
 */
#ifndef CG_NOTETEXT_H
#define CG_NOTETEXT_H

/* From the bytes of a note, and back; palloc'd. */
extern char *cg_notetext_from_note(const char *note);
extern char *cg_notetext_to_note(const char *text);

/*
 * ERROR, with the hint, if the name of a key or log cannot be in the database's text
 * as it is in a note.
 */
extern void cg_notetext_require_name(const char *name, const char *hint);

#endif							/* CG_NOTETEXT_H */
