// An application for OSv: threads that contend for a mutex, a file that is read, and a library that is loaded late.
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { workers = 4 };

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long scratch[workers];
// What was done so far: a measure of the guest's speed.
volatile unsigned long operations;

static void spin(int worker)
{
    for (int step = 0; step < 20000; ++step)
        scratch[worker] += step;
}

static void *app_work(void *argument)
{
    int worker = (int)(long)argument;
    for (;;) {
        spin(worker);
        pthread_mutex_lock(&guard);
        spin(worker);
        ++operations;
        pthread_mutex_unlock(&guard);
        if (worker == 0)
            usleep(1000);
    }
    return NULL;
}

static void load_late(void)
{
    void *library = dlopen("/late.so", RTLD_NOW);
    void (*greet)(int) = library ? (void (*)(int))dlsym(library, "late_greet") : NULL;
    if (greet)
        greet(42);
    else
        puts(dlerror());
}

// A connection to itself over the loopback: its keep-alive timer runs from then on.
static void connect_to_itself(void)
{
    struct sockaddr_in place = { .sin_family = AF_INET, .sin_port = htons(4711), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&place, sizeof place) != 0 || listen(listener, 1) != 0)
        perror("app: listen");
    int client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client, (struct sockaddr *)&place, sizeof place) != 0)
        perror("app: connect");
    if (accept(listener, NULL, NULL) < 0)
        perror("app: accept");
}

int main(void)
{
    puts("app: begins");
    connect_to_itself();
    load_late();
    pthread_t threads[workers];
    for (long worker = 0; worker < workers; ++worker)
        pthread_create(&threads[worker], NULL, app_work, (void *)worker);
    puts("app: works");
    for (;;) {
        char bytes[512];
        int file = open("/late.so", O_RDONLY);
        while (read(file, bytes, sizeof bytes) > 0)
            ;
        close(file);
        usleep(20000);
    }
}
