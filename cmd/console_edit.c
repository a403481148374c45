/* console_edit.c - a line that is being typed, by libedit, on somebody else's loop.
 * libedit would wait for the next key inside a key (ESC, Ctrl-V), or inside a search (Ctrl-R). Here it
 * gets only whole keys, and what would make it ask for more is bound to something else, so it never
 * waits. RAPI is ASCII, and so are lines; bytes of other characters are dropped.
 * SPDX-License-Identifier: MIT */
#include "cmd/console_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#define HISTORY_LINES 500
#define PATH_TEXT     512
#define INSERT_MAX    64
#define END_OF_INPUT  4 /* Ctrl-D on an empty line: libedit puts it into the line, and writes ^D */

struct editor {
    EditLine *el;
    History *history;
    const char *prompt;
    char path[PATH_TEXT]; /* of the history; "" = none */
    const struct editor_calls *calls;
    void *context;
    char keys[64]; /* whole ones for libedit, then the beginning of one */
    size_t keys_n, keys_at;
    bool shown, choice, feeding, closed;
};

/* ---- keys ---- */

/* The length of the key at the beginning of n bytes, 0 if it is not whole. */
static size_t key_length(const char *keys, size_t n) {
    if (keys[0] != '\033') {
        return 1;
    }
    if (n < 2) {
        return 0;
    }
    if (keys[1] == 'O') {
        return n < 3 ? 0 : 3;
    }
    if (keys[1] != '[') {
        return 2;
    }
    for (size_t i = 2; i < n; i++) {
        if (keys[i] >= 0x40 && keys[i] <= 0x7E) {
            return i + 1;
        }
    }
    return 0;
}

static int next_key(EditLine *el, wchar_t *c) {
    struct editor *e;
    el_get(el, EL_CLIENTDATA, &e);
    if (e->keys_at == e->keys_n) {
        errno = 0;
        return 0;
    }
    *c = (wchar_t)e->keys[e->keys_at++];
    return 1;
}

static unsigned char on_tab(EditLine *el, int key) {
    struct editor *e;
    char insert[INSERT_MAX] = "";
    (void)key;
    el_get(el, EL_CLIENTDATA, &e);
    const LineInfo *line = el_line(el);
    e->choice = e->calls->complete(e->context, line->buffer, (size_t)(line->cursor - line->buffer),
                                   insert, sizeof insert);
    if (!insert[0]) {
        return e->choice ? CC_NORM : CC_ERROR;
    }
    return el_insertstr(el, insert) == 0 ? CC_REFRESH : CC_ERROR;
}

static char *prompt_of(EditLine *el) {
    static char prompt[32];
    struct editor *e;
    el_get(el, EL_CLIENTDATA, &e);
    snprintf(prompt, sizeof prompt, "%s", e->prompt);
    return prompt;
}

static void finish_line(struct editor *e, const char *text, size_t n) {
    HistEvent event;
    char *copy = strndup(text, n);
    if (!copy) {
        return;
    }
    el_set(e->el, EL_UNBUFFERED, 0);
    e->shown = false;
    if (n > 0 && strspn(copy, " ") < n) {
        history(e->history, &event, H_ENTER, copy);
    }
    e->calls->line(e->context, copy, n);
    free(copy);
}

static void show_choice(struct editor *e) {
    const LineInfo *line = el_line(e->el);
    char text[256];
    size_t n = (size_t)(line->cursor - line->buffer);
    e->choice = false;
    n = n < sizeof text ? n : sizeof text;
    memcpy(text, line->buffer, n);
    e->calls->choice(e->context, text, n);
}

/* One key is there: let libedit have it. */
static void one_key(struct editor *e) {
    int n = 0;
    const char *line = el_gets(e->el, &n);
    if (line && n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r')) {
        finish_line(e, line, (size_t)n - 1);
    } else if (line && n == 1 && line[0] == END_OF_INPUT) {
        e->calls->end(e->context);
    } else if (e->choice) {
        show_choice(e);
    }
}

static void free_editor(struct editor *e) {
    el_end(e->el);
    history_end(e->history);
    free(e);
}

bool editor_keys(struct editor *e, const char *bytes, size_t n) {
    e->feeding = true;
    while (n > 0 && !e->closed) {
        char c = *bytes++;
        n--;
        if ((unsigned char)c >= 0x80) {
            continue;
        }
        if (e->keys_n == sizeof e->keys) { /* no key is so long */
            e->keys_n = 0;
        }
        e->keys[e->keys_n++] = c;
        if (key_length(e->keys, e->keys_n) == e->keys_n) {
            e->keys_at = 0;
            editor_show(e);
            one_key(e);
            e->keys_n = e->keys_at = 0;
        }
    }
    e->feeding = false;
    if (e->closed) {
        free_editor(e);
        return false;
    }
    return true;
}

bool editor_waits(const struct editor *e) {
    return e->keys_n > 0;
}

void editor_forget(struct editor *e) {
    e->keys_n = 0;
}

/* ---- the screen ---- */

size_t editor_columns(const struct editor *e) {
    struct winsize size;
    (void)e;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void editor_hide(struct editor *e) {
    if (!e->shown) {
        return;
    }
    const LineInfo *line = el_line(e->el);
    size_t column = strlen(e->prompt) + (size_t)(line->cursor - line->buffer);
    size_t up = column / editor_columns(e);
    fputs("\r", stdout);
    if (up > 0) {
        printf("\033[%zuA", up);
    }
    fputs("\033[J", stdout);
    e->shown = false;
}

void editor_show(struct editor *e) {
    int unbuffered = 0;
    if (e->shown || e->closed) {
        return;
    }
    fflush(stdout);
    e->shown = true;
    el_get(e->el, EL_UNBUFFERED, &unbuffered);
    if (unbuffered) {
        el_set(e->el, EL_REFRESH);
    } else { /* a new line */
        el_set(e->el, EL_UNBUFFERED, 1);
    }
}

void editor_resized(struct editor *e) {
    editor_hide(e);
    el_resize(e->el);
    editor_show(e);
}

void editor_again(struct editor *e) {
    el_set(e->el, EL_PREP_TERM, 0); /* libedit believes that it has it still */
    el_set(e->el, EL_PREP_TERM, 1);
    e->shown = false;
    editor_show(e);
}

/* ---- history: a line a line ---- */

static void load_history(struct editor *e) {
    HistEvent event;
    char line[256];
    FILE *file = fopen(e->path, "re");
    if (!file) {
        return;
    }
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0]) {
            history(e->history, &event, H_ENTER, line);
        }
    }
    fclose(file);
}

/* The folders above it, as the XDG directories are: for the user alone. */
static void make_folders(const char *path) {
    char folder[PATH_TEXT];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, 0700); /* there already, or the file says what is wrong */
        *slash = '/';
    }
}

/* That it cannot be written is not worth a word: everything else works. */
static void save_history(struct editor *e) {
    HistEvent event;
    char path[PATH_TEXT + 8];
    if (!e->path[0] || history(e->history, &event, H_LAST) < 0) {
        return;
    }
    make_folders(e->path);
    snprintf(path, sizeof path, "%s.new", e->path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) {
        return;
    }
    do {
        fprintf(file, "%s\n", event.str);
    } while (history(e->history, &event, H_PREV) >= 0);
    if (fclose(file) != 0 || rename(path, e->path) != 0) {
        (void)unlink(path);
    }
}

/* ---- begin and end ---- */

static void bind_keys(EditLine *el) {
    el_set(el, EL_EDITOR, "emacs");
    /* el_set would copy the names, and lose the copies */
    el_wset(el, EL_ADDFN, L"voltbus-complete", L"complete words", on_tab);
    el_set(el, EL_BIND, "^I", "voltbus-complete", NULL);
    el_set(el, EL_BIND, "^R", "ed-search-prev-history", NULL);
    el_set(el, EL_BIND, "^S", "ed-search-next-history", NULL);
    /* those would ask for another key */
    el_set(el, EL_BIND, "-r", "^V", NULL);
    el_set(el, EL_BIND, "-r", "^X", NULL);
    el_set(el, EL_BIND, "-r", "\\ex", NULL);
    el_set(el, EL_BIND, "-r", "\\eX", NULL);
}

struct editor *editor_open(const char *prompt, const char *history_path,
                           const struct editor_calls *calls, void *context) {
    HistEvent event;
    struct editor *e = calloc(1, sizeof *e);
    if (!e) {
        return NULL;
    }
    e->prompt = prompt;
    e->calls = calls;
    e->context = context;
    snprintf(e->path, sizeof e->path, "%s", history_path ? history_path : "");
    e->history = history_init();
    e->el = e->history ? el_init("voltbus", stdin, stdout, stderr) : NULL;
    if (!e->el) {
        if (e->history) {
            history_end(e->history);
        }
        free(e);
        return NULL;
    }
    history(e->history, &event, H_SETSIZE, HISTORY_LINES);
    history(e->history, &event, H_SETUNIQUE, 1);
    if (e->path[0]) {
        load_history(e);
    }
    el_set(e->el, EL_CLIENTDATA, e);
    el_set(e->el, EL_PROMPT, prompt_of);
    el_set(e->el, EL_SIGNAL, 0);
    el_set(e->el, EL_HIST, history, e->history);
    bind_keys(e->el);
    el_set(e->el, EL_GETCFN, next_key);
    return e;
}

void editor_close(struct editor *e) {
    if (!e || e->closed) {
        return;
    }
    editor_hide(e);
    e->closed = true;
    el_set(e->el, EL_UNBUFFERED, 0);
    el_set(e->el, EL_PREP_TERM, 0);
    fflush(stdout);
    save_history(e);
    if (!e->feeding) {
        free_editor(e);
    }
}
